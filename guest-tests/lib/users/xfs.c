// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on xfs (iomap)"
rows: [D3]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.xfs], symbols: [XFS_FS]}
*/
#include "contract/dio_user.h"

static bool open_user(void) { return dio_user_open_fs("xfs"); }

const struct user user_xfs = {
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
