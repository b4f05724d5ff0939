// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on f2fs (iomap); what is unaligned goes through the page cache"
rows: [D3]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.f2fs], symbols: [F2FS_FS]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(f2fs, "f2fs");
