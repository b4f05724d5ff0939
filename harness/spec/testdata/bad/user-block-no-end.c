// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:1:1: the block has no end, '*/'
// hint: an adapter begins with its SPDX line, then a line '/* user:', lines of YAML, and '*/'
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
