// SPDX-License-Identifier: GPL-2.0
/* user:
what: "preadv() and pwritev() with O_DIRECT on an NVMe drive"
rows: [D1]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

const struct user user_bdev_sync = {
    .ways = USER_IN | USER_OUT,
    .open = dio_user_open_drive,
    .close = dio_user_close,
    .mode = caps_dio_bdev,
    .carry = dio_user_carry,
    .carry_pieces = dio_user_carry_pieces,
    .store = dio_user_store,
    .load = dio_user_load,
    .align = 512,
};
