// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on NFS 4.0 from knfsd over loopback"
rows: [D18]
traits: [in, out, data, pieces, carry, short]
needs: {symbols: [NFS_FS, NFS_V4, NFSD, NFSD_V4]}
*/
#include "contract/dio_user.h"

static bool open_user(void) { return dio_user_open_fs("nfs"); }

const struct user user_nfs = {
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
