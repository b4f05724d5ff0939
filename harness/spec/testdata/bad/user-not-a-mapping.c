// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:6:1: expected a mapping, got a list
// hint: write 'key: value' lines
/* user:
- what
*/
