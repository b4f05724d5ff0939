// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/a-bad.c
// error: guest-tests/lib/users/a-bad.c:1:1: file name: 'a-bad' is not part of an identifier: only letters, digits and _
// hint: rename the adapter
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
