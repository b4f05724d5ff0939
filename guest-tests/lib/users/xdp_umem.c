// SPDX-License-Identifier: GPL-2.0
/* user:
what: "an AF_XDP umem, registered until its socket is closed"
rows: [G6, FOLL_LONGTERM]
traits: [in, hold, longterm, limited]
needs: {symbols: [XDP_SOCKETS]}
proof: {mutant: m22-xdp-umem-keeps-last, red: [pages.in.anon]}
*/
#include <errno.h>

#include "contract/xdp_user.h"

XDP_USER(xdp_umem, 2048, 0);
