// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a loop device that does direct I/O on a file on ext4"
rows: [D10]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-raw], fs: ext4, symbols: [BLK_DEV_NVME, BLK_DEV_LOOP, EXT4_FS]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <unistd.h>

#include "contract/dio_user.h"
#include "contract/once.h"
#include "ktap.h"

static const char file_path[] = "/mnt/ext4/pinrig-loop-user";
static struct loop loop = {.fd = -1};

static bool make_device(void) {
  const int file = open(file_path, O_RDWR | O_CREAT | O_CLOEXEC | O_DIRECT, 0600);
  if (file < 0) return ktap_fail("%s: %s", file_path, strerror(errno));
  const bool good =
      (posix_fallocate(file, 0, dio_user_most) == 0 || ktap_fail("no room for %s", file_path)) &&
      loop_open(&loop, file, LO_FLAGS_DIRECT_IO);
  close(file);
  return good;
}

static void remove_device(void) {
  loop_close(&loop);
  unlink(file_path);
}

static bool open_user(void) { return once_made(make_device, remove_device) && dio_user_open(loop.path, 0); }

const struct user user_loop = {
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
