// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on btrfs without checksums while memory runs out, as btrfs_nodatasum"
rows: [D3]
traits: [carry]
needs: {nvme: [pin-fs], tools: [mkfs.btrfs], symbols: [BTRFS_FS]}
not:
  release.bad_address: "asked of btrfs_nodatasum"
  never.taken: "asked of btrfs_nodatasum"
  fault.ends_badly: "asked of btrfs_nodatasum"
  fault.taken_away: "asked of btrfs_nodatasum"
proof: {base: debian-6.12, verdict: fail}
*/
#include "contract/dio_user.h"

DIO_USER_FS(btrfs_no_memory, "btrfs_nodatasum");
