// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:1:1: no '/* user:' block
// hint: an adapter begins with its SPDX line, then a line '/* user:', lines of YAML, and '*/'
