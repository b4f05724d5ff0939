// SPDX-License-Identifier: GPL-2.0
#include "fsdax.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffers.h"
#include "ext2.h"
#include "ktap.h"
#include "pins.h"
#include "tool.h"

static const char device[] = "/dev/pmem0";

static bool have_device(void) {
  return access(device, F_OK) == 0 || ktap_skip("no %s (persistent memory)", device);
}

static bool mounted(const char* type) {
  mkdir(FSDAX_FOLDER, 0700);
  return mount(device, FSDAX_FOLDER, type, 0, "dax=always") == 0 ||
         ktap_skip("mounting %s with dax: %s (FS_DAX)", type, strerror(errno));
}

bool fsdax_mount_xfs(void) {
  // Long files begin at multiples of 2 MiB, so that huge pages can map them.
  static const char* const make[] = {
      "mkfs.xfs", "-q",       "-f",   "-m", "reflink=0", "-d", "su=2m,sw=1,agcount=4",
      "-l",       "size=64m", device, NULL};
  struct pins before, after;
  // Its direct writes are none of the case's business.
  if (!have_device() || !pins_begin(&before) || !tool_run(make, 60000) || !pins_sample(&after)) return false;
  pins_claim_at_least(0);
  return mounted("xfs");
}

bool fsdax_mount_ext4(void) {
  if (!have_device()) return false;
  const int fd = open(device, O_RDWR | O_CLOEXEC);
  const bool good = fd >= 0 && ext2_format_blocks(fd, (unsigned)page_bytes()) && fsync(fd) == 0;
  if (!good) ktap_fail("an ext2 on %s: %s", device, strerror(errno));
  if (fd >= 0) close(fd);
  return good && mounted("ext4");
}

void fsdax_unmount(void) { umount2(FSDAX_FOLDER, MNT_DETACH); }
