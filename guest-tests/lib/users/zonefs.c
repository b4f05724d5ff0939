// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT writes to a sequential file of zonefs on a zoned null_blk"
rows: [D22]
traits: [out, data, carry, short]
needs:
  nvme: [pin-raw]
  symbols: [BLK_DEV_NVME, BLK_DEV_ZONED, BLK_DEV_NULL_BLK, CONFIGFS_FS, ZONEFS_FS]
proof: {mutant: m02-bio-put-refs, red: [pages.out.anon]}
*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "contract/dio_user.h"
#include "ktap.h"
#include "zoned.h"

#define FOLDER "/tmp/pinrig-zonefs"
static const char file_path[] = FOLDER "/seq/0";
static struct zoned zoned;
static bool mounted;

static void end(void) {
  if (mounted && umount(FOLDER) < 0) umount2(FOLDER, MNT_DETACH);
  rmdir(FOLDER);
  zoned_close(&zoned);
}

// Once for all cases.
static bool open_user(void) {
  static bool begun;
  if (!begun) {
    begun = true;
    atexit(end);
    mounted = zoned_null_blk(&zoned) && zonefs_mount(&zoned, FOLDER);
    // A write that fails half-way must not end writing for the cases after it.
    if (mounted && mount(zoned.path, FOLDER, "zonefs", MS_REMOUNT, "errors=repair") < 0)
      return ktap_fail("remounting zonefs: %s", strerror(errno));
  } else if (!mounted) {
    return ktap_skip("nothing is mounted: see the first case");
  }
  return mounted && dio_user_open(file_path, 0);
}

// Only at the write pointer, which a reset moves to the start. Up to 6.9 a write is one zone append, of as
// much as the drive takes at once, and goes on from there.
static long carry(enum way way, void* addr, size_t length) {
  size_t done = 0;
  ssize_t more;
  (void)way;
  if (truncate(file_path, 0) < 0) return -errno;
  do {
    more = pwrite(dio_user_fd(), (char*)addr + done, length - done, dio_user_offset() + (off_t)done);
    if (more > 0) done += (size_t)more;
  } while (more > 0 && done < length);
  return done > 0 ? (long)done : more < 0 ? -errno : 0;
}

// Sequential files are written by direct I/O only: what is stored does not matter, as nothing is read.
static bool store(const void* data, size_t length) {
  (void)data;
  (void)length;
  return truncate(file_path, 0) == 0 || ktap_fail("resetting the zone: %s", strerror(errno));
}

const struct user user_zonefs = {
    .ways = USER_OUT,
    .open = open_user,
    .close = dio_user_close,
    .mode = caps_dio_bdev,
    .carry = carry,
    .store = store,
    .load = dio_user_load,
    .align = 4096,
    .most = dio_user_most,
};
