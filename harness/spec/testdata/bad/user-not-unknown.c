// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:9:7: not: no obligation or case 'page.in'; did you mean 'pages.in'?
// hint: `pinrig contract --list` lists them
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {page.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
