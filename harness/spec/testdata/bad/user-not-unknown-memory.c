// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:9:7: not: no obligation or case 'pages.in.tph'; did you mean 'pages.in.thp'?
// hint: `pinrig contract --list` lists them
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in.tph: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
