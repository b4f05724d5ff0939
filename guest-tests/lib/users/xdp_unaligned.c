// SPDX-License-Identifier: GPL-2.0
/* user:
what: "an AF_XDP umem whose chunks begin anywhere (XDP_UMEM_UNALIGNED_CHUNK_FLAG)"
rows: [G6, FOLL_LONGTERM]
traits: [in, hold, longterm, limited]
needs: {symbols: [XDP_SOCKETS]}
proof: {mutant: m22-xdp-umem-keeps-last, red: [pages.in.anon]}
*/
#include <errno.h>
#include <linux/if_xdp.h>

#include "contract/xdp_user.h"

XDP_USER(xdp_unaligned, 3000, XDP_UMEM_UNALIGNED_CHUNK_FLAG);
