// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on btrfs without checksums, where writes are direct"
rows: [D3]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.btrfs], symbols: [BTRFS_FS]}
not:
  fault.write_protected.memfd_thp: "mapped by base pages from then on, each takes two faults, and
    fixup_user_fault() makes one: copied through the page cache"
  pages.out.cow: "what would have to be faulted in is copied through the page cache"
  pages.out.ksm: "what would have to be faulted in is copied through the page cache"
  never.taken: "memory that cannot be taken is copied through the page cache"
  release.no_memory: "asked of btrfs_no_memory: 6.12 warns, which fails a whole test"
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(btrfs_nodatasum, "btrfs_nodatasum");
