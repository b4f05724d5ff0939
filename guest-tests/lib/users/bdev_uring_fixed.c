// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a fixed buffer of io_uring that an NVMe drive reads into (IORING_OP_READ_FIXED)"
rows: [D9]
traits: [in, data, hold, longterm, charged, limited]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, IO_URING]}
not:
  longterm.file: "refused with EOPNOTSUPP by 6.1 and EFAULT later: longterm/file_backed asks it of both"
proof: {mutant: m11-io-uring-unmap-first, red: [pages.in.anon]}
*/
#include <errno.h>

#include "contract/dio_user.h"
#include "contract/fixed_user.h"

static bool open_user(void) { return dio_user_open_drive() && fixed_user_open(0); }

static void close_user(void) {
  fixed_user_close();
  dio_user_close();
}

static long transfer(struct ring* ring, void* addr, size_t length) {
  return ring_transfer(ring, IORING_OP_READ_FIXED, dio_user_fd(), addr, length, dio_user_offset(), 0);
}

static long let_go(void) { return fixed_user_let_go(transfer); }

const struct user user_bdev_uring_fixed = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = fixed_user_take,
    .let_go = let_go,
    .store = dio_user_store,
    .load = dio_user_load,
    .counts = fixed_user_counts,
    .align = 512,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
    .charged = fixed_user_charged,
};
