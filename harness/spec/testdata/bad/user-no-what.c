// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:6:1: key 'what' is missing in a user
// hint: add 'what: ...'
/* user:
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
