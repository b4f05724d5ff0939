// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a FUSE file whose requests are sent all at once (FUSE_ASYNC_DIO, fuse_direct_IO())"
rows: [D21]
traits: [in, out, data, pieces, carry, short]
needs: {symbols: [FUSE_FS]}
proof: {mutant: m24-fuse-not-unpinned, red: [pages.in.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(fuse_async, "fuse_async");
