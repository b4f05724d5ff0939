// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:10:14: not_memory: no kind of memory 'tph'; did you mean 'thp'?
// hint: known: anon, thp, hugetlb, secret
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {tph: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
