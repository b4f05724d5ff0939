// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on overlayfs, whose upper layer is ext4 (backing_file_read_iter())"
rows: [D2]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-raw], fs: ext4, symbols: [BLK_DEV_NVME, EXT4_FS, OVERLAY_FS]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract/dio_user.h"
#include "ktap.h"

#define FOLDER "/mnt/ext4/pinrig-overlay"
static const char file_path[] = FOLDER "/merged/data";
static const char* const folders[] = {FOLDER, FOLDER "/lower", FOLDER "/upper", FOLDER "/scratch",
                                      FOLDER "/merged"};
enum { folder_count = sizeof(folders) / sizeof(folders[0]) };
static bool mounted;

static void end(void) {
  if (mounted) unlink(file_path);
  if (mounted && umount(FOLDER "/merged") < 0) umount2(FOLDER "/merged", MNT_DETACH);
  rmdir(FOLDER "/scratch/work");
  for (int i = folder_count; i > 0; --i) rmdir(folders[i - 1]);
}

static bool begin(void) {
  for (int i = 0; i < folder_count; ++i) mkdir(folders[i], 0700);
  mounted = mount("overlay", FOLDER "/merged", "overlay", 0,
                  "lowerdir=" FOLDER "/lower,upperdir=" FOLDER "/upper,workdir=" FOLDER "/scratch") == 0;
  if (!mounted) return ktap_fail("mounting an overlay: %s", strerror(errno));
  static const unsigned char zeros[dio_user_most];
  const int fd = open(file_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const bool good = fd >= 0 && write(fd, zeros, sizeof(zeros)) == sizeof(zeros) && fsync(fd) == 0;
  if (!good) ktap_fail("%s: %s", file_path, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

// Once for all cases.
static bool open_user(void) {
  static bool begun, ready;
  if (!begun) {
    begun = true;
    atexit(end);
    ready = begin();
  }
  return (ready || ktap_failed() || ktap_fail("nothing is mounted: see the first case")) && ready &&
         dio_user_open(file_path, 0);
}

const struct user user_overlayfs = {
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
