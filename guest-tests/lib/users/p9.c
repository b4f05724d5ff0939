// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a 9p share over virtio (fs/netfs)"
rows: [D20]
traits: [in, out, data, pieces, carry, short]
needs: {devices: [p9], symbols: [9P_FS, NET_9P_VIRTIO]}
not:
  release.no_memory: "asked of p9_no_memory, in a guest of its own: 6.12 crashes"
proof: {mutant: m25-netfs-not-unpinned, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(p9, "9p");
