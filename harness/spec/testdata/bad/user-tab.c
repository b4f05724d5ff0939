// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:7:1: tab in the indentation; YAML requires spaces
// hint: indent with two spaces
/* user:
what: "O_DIRECT read()"
	rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
