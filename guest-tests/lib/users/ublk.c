// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a ublk device, whose server copies between the pages of a request and its own memory"
rows: [G24]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, BLK_DEV_UBLK, IO_URING]}
proof: {mutant: m82-ublk-keeps-last, red: [pages.in.memfd]}
*/
#include "ublk.h"

#include "contract/dio_user.h"
#include "contract/once.h"

static struct ublk ublk = {.control_fd = -1};

static bool make_device(void) { return ublk_open(&ublk, 2 * dio_user_most, false); }

static void remove_device(void) { ublk_close(&ublk); }

static bool open_user(void) { return once_made(make_device, remove_device) && dio_user_open(ublk.path, 0); }

const struct user user_ublk = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = dio_user_close,
    .mode = caps_dio_bdev,
    .carry = dio_user_carry,
    .carry_pieces = dio_user_carry_pieces,
    .store = dio_user_store,
    .load = dio_user_load,
    .align = 512,
    .most = dio_user_most,
};
