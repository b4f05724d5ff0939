// SPDX-License-Identifier: GPL-2.0
// Direct I/O on a loop device that itself does direct I/O on an ext4 file: the pages are pinned once, by the
// outer request. The loop driver passes them on as bio_vecs (bio_iov_bvec_set), and lower layers must not
// take or drop references.
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "loop.h"
#include "transfer.h"

static const char file_path[] = "/mnt/ext4/pinrig-loop";
static struct loop loop;

// Made when the first case asks for it; every case asks again when it could not be made.
static bool make_loop(unsigned flags) {
  if (loop.fd >= 0) return true;
  int file = open(file_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | (flags ? O_DIRECT : 0), 0600);
  if (file < 0) return ktap_fail("%s: %s", file_path, strerror(errno));
  off_t size = (off_t)transfer_longest();
  bool good = posix_fallocate(file, 0, size) == 0 ||
              ktap_fail("%s: no room for %lld bytes", file_path, (long long)size);
  good = good && loop_open(&loop, file, flags);
  close(file);
  return good;
}

static int open_direct(int flags) {
  if (!make_loop(LO_FLAGS_DIRECT_IO)) return -1;
  int fd = open(loop.path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", loop.path, strerror(errno));
  return fd;
}

static long alignment(void) { return loop.fd >= 0 ? drive_dma_alignment(loop.path) : -1; }

// What this kernel does on a block device, wherever that was found out.
static enum pin_mode mode(void) { return make_loop(LO_FLAGS_DIRECT_IO) ? caps_dio_bdev() : MODE_UNKNOWN; }

// The loop driver requires memory aligned to sectors.
static bool on_sectors(const struct shape* shape) { return shape->offset % 512 == 0; }

int main(void) {
  static const struct target target = {open_direct, mode, device_drop_cache, alignment, 0, NULL, NULL, NULL};
  static struct ktap_case cases[128];
  loop.fd = -1;
  int code = ktap_run(cases, transfer_cases(cases, 0, 128, &target, "", on_sectors));
  loop_close(&loop);
  unlink(file_path);
  return code;
}
