// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:9:4: invalid YAML: end of sequence flow not found
// hint: check quotes, brackets, colons and indentation there and in the line above
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
