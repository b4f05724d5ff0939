// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on btrfs without checksums, where writes are direct"
rows: [D3]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.btrfs], symbols: [BTRFS_FS]}
not:
  pages.out.cow: "what would have to be faulted in is copied through the page cache"
  pages.out.ksm: "what would have to be faulted in is copied through the page cache"
  never.taken: "memory that cannot be taken is copied through the page cache"
  release.no_memory: "6.12 then warns of space that is freed twice (btrfs_free_reserved_data_space())"
*/
#include "contract/dio_user.h"

static bool open_user(void) { return dio_user_open_fs("btrfs_nodatasum"); }

const struct user user_btrfs_nodatasum = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = dio_user_close,
    .mode = dio_user_fs_mode,
    .carry = dio_user_carry,
    .carry_pieces = dio_user_carry_pieces,
    .store = dio_user_store,
    .load = dio_user_load,
    .counts = dio_user_fs_counts,
    .align = 512,
    .most = dio_user_most,
};
