// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:9:17: pages.in: must not be empty
// hint:
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: ""}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
