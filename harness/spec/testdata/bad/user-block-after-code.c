// SPDX-License-Identifier: GPL-2.0
// as: guest-tests/lib/users/bad.c
// error: guest-tests/lib/users/bad.c:5:1: no '/* user:' block before the code
// hint: an adapter begins with its SPDX line, then a line '/* user:', lines of YAML, and '*/'
#include <stdio.h>
/* user:
what: "O_DIRECT read()"
rows: [D1]
traits: [in, out]
not: {pages.in: "why"}
not_memory: {thp: "why"}
proof: {mutant: m02-bio-put-refs, red: ["swap.anon"]}
*/
int adapter;
