// SPDX-License-Identifier: GPL-2.0
/* user:
what: "preadv2() and pwritev2() with O_DIRECT and RWF_NOWAIT on an NVMe drive that is idle"
rows: [D1]
# What would have to be split is refused, as are pieces with gaps.
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include <errno.h>
#include <sys/uio.h>

#include "contract/dio_user.h"

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  const ssize_t done = way == WAY_IN ? preadv2(dio_user_fd(), &piece, 1, dio_user_offset(), RWF_NOWAIT)
                                     : pwritev2(dio_user_fd(), &piece, 1, dio_user_offset(), RWF_NOWAIT);
  return done < 0 ? -errno : done;
}

const struct user user_bdev_nowait = {
    .ways = USER_IN | USER_OUT,
    .open = dio_user_open_drive,
    .close = dio_user_close,
    .mode = caps_dio_bdev,
    .carry = carry,
    .store = dio_user_store,
    .load = dio_user_load,
    .align = 512,
    // In one bio, or it is refused.
    .most = 256 << 10,
};
