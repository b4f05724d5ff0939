// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:6:1: the block is empty
// hint: write 'key: value' lines
/* user:
*/
int adapter;
