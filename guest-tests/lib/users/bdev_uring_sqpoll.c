// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on an NVMe drive by an io_uring whose own thread submits (IORING_SETUP_SQPOLL)"
rows: [D8]
# Not of pieces: those that have gaps would have to be split, and are pinned again by a worker that may wait.
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, IO_URING]}
not:
  release.no_memory: "the thread of the ring takes the memory, where this process injects no faults"
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include <linux/io_uring.h>

#include "contract/dio_user.h"
#include "contract/uring_user.h"

static bool open_user(void) { return dio_user_open_drive() && uring_user_open(IORING_SETUP_SQPOLL); }

static void close_user(void) {
  uring_user_close();
  dio_user_close();
}

const struct user user_bdev_uring_sqpoll = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = caps_dio_bdev,
    .carry = uring_user_carry,
    .store = dio_user_store,
    .load = dio_user_load,
    .align = 512,
    // In one bio, or it is repeated by a worker.
    .most = 256 << 10,
};
