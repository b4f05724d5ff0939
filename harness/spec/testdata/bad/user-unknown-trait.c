// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:8:14: traits: no trait 'aut'; did you mean 'out'?
// hint: known: in, out, long
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, aut]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
