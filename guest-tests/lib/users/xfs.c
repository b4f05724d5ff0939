// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on xfs (iomap)"
rows: [D3]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.xfs], symbols: [XFS_FS]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(xfs, "xfs");
