// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:13:38: red: no case of 'bad' is 'swap.thp'
// hint: `pinrig contract --list --user bad` lists its cases
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof:
  - {mutant: m02-bio-put-refs}
  - {mutant: m02-bio-put-refs, red: ["swap.thp"]}
*/
int adapter;
