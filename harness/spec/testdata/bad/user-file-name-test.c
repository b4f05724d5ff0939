// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad_test.c
// error: guest-tests/lib/users/bad_test.c:1:1: file name: 'bad_test' ends in _test: such files are unit tests and not compiled
// hint: give the adapter another name
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
