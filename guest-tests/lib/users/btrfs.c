// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on btrfs; unaligned reads, and writes with checksums, go through the page cache"
rows: [D3]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.btrfs], symbols: [BTRFS_FS]}
not:
  fault.write_protected.memfd_thp: "mapped by base pages from then on, each takes two faults, and
    fixup_user_fault() makes one: copied through the page cache"
  never.taken: "memory that cannot be taken is copied through the page cache"
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(btrfs, "btrfs");
