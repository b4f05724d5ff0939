// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on ext4 (iomap) by AIO, held by a suspended device below"
rows: [D2, D7]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [AIO, BLK_DEV_DM, BLK_DEV_LOOP, EXT4_FS]}
*/
#include "contract/place_user.h"

const struct user user_ext4_dio = {
    .ways = USER_IN | USER_OUT,
    .open = place_user_open_ext4,
    .close = place_user_close,
    .mode = place_user_mode,
    .carry = place_user_carry,
    .carry_pieces = place_user_carry_pieces,
    .take = place_user_take,
    .let_go = place_user_let_go,
    .ending = place_user_ending,
    .store = place_user_store,
    .load = place_user_load,
    .counts = place_user_counts,
    .align = 512,
    .most = 256 << 10,
};
