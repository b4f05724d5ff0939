// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:7:1: unknown key 'format' in a user
// hint: known keys: what, rows, traits, not, not_memory, env, limit, limit_plus, needs, claim, destructive, known_long, proof
/* user:
what: "O_DIRECT read()"
format: ktap
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
