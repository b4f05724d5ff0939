// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:9:6: not: expected a mapping
// hint: write {OBLIGATION: "why"} or {OBLIGATION.MEMORY: "why"}
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: [pages.in]
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
