// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on ext2 with its own driver (iomap, legacy in 6.1)"
rows: [D4]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mke2fs], symbols: [EXT2_FS]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(ext2, "ext2");
