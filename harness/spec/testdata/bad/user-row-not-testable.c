// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:7:8: rows: 'G19' is marked not testable in the map: build time only
// hint: remove the row here or 'not_testable' there
/* user:
what: "O_DIRECT read()"
rows: [G19]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
