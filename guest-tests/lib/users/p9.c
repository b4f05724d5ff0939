// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a 9p share over virtio (fs/netfs)"
rows: [D20]
traits: [in, out, data, pieces, carry, short]
needs: {devices: [p9], symbols: [9P_FS, NET_9P_VIRTIO]}
not:
  release.no_memory: "6.12 puts a request twice (fs/netfs netfs_unbuffered_read()), which corrupts memory"
*/
#include "contract/dio_user.h"

static bool open_user(void) { return dio_user_open_fs("9p"); }

const struct user user_p9 = {
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
