// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:7:8: rows: no row 'D2' in the map; did you mean 'D1'?
// hint: guest-tests/map.yaml lists the rows
/* user:
what: "O_DIRECT read()"
rows: [D2]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
