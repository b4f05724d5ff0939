// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a polled queue of null_blk by an io_uring that polls (IORING_SETUP_IOPOLL)"
rows: [D8]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, BLK_DEV_NULL_BLK, CONFIGFS_FS, IO_URING]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include <linux/io_uring.h>

#include "contract/dio_user.h"
#include "contract/uring_user.h"
#include "null_blk.h"

static struct null_blk device;

static bool open_user(void) {
  static const struct null_blk_setting settings[] = {
      {"size", "8"}, {"blocksize", "512"}, {"memory_backed", "1"}, {"poll_queues", "1"}, {0}};
  return null_blk_make(&device, settings) && dio_user_open(device.path, 0) &&
         uring_user_open(IORING_SETUP_IOPOLL);
}

static void close_user(void) {
  uring_user_close();
  dio_user_close();
  null_blk_remove(&device);
}

const struct user user_bdev_uring_iopoll = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = caps_dio_bdev,
    .carry = uring_user_carry,
    .carry_pieces = uring_user_carry_pieces,
    .store = dio_user_store,
    .load = dio_user_load,
    .align = 512,
    // What the drive takes at once (BLK_SAFE_MAX_SECTORS): what would have to be split is tried twice.
    .most = 64 << 10,
};
