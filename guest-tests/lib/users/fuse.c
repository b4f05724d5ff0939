// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a FUSE file that is served with FOPEN_DIRECT_IO"
rows: [D21]
traits: [in, out, data, pieces, carry, short]
needs: {symbols: [FUSE_FS]}
proof: {mutant: m24-fuse-not-unpinned, red: [pages.in.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(fuse, "fuse");
