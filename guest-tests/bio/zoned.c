// SPDX-License-Identifier: GPL-2.0
// Direct I/O on zoned drives, raw and through zonefs: only writes at the zone's write pointer work. On
// kernels whose zonefs uses zone append (up to 6.9), a separate function adds the pages to a
// REQ_OP_ZONE_APPEND.
#include "zoned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { seed = 110, zone = 1, max_pages = 16 };
static const char target[] = "/tmp/pinrig-zonefs";

struct writing {
  bool (*open)(struct zoned* zoned);
  bool zonefs;
  int segments, pages, blocks;  // iovecs of so many pages and logical blocks, side by side
  bool behind;                  // not at the write pointer: refused
  bool half;                    // the second half of the memory is not mapped
};

static int open_file(const struct writing* writing, const struct zoned* zoned, int flags) {
  char path[64];
  // zonefs keeps the first zone for its super block: zone 1 is the first file.
  snprintf(path, sizeof(path), "%s/seq/%d", target, zone - 1);
  int fd = open(writing->zonefs ? path : zoned->path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", writing->zonefs ? path : zoned->path, strerror(errno));
  return fd;
}

static off_t start_of(const struct writing* writing, const struct zoned* zoned) {
  return writing->zonefs ? 0 : (off_t)(zone * zoned->zone_bytes);
}

// Reads back and compares, also by pins: one read of all of it.
static void read_back(const struct writing* writing, const struct zoned* zoned, size_t length, bool pinned) {
  struct buffer seen;
  struct pins before;
  int fd = open_file(writing, zoned, O_RDONLY | O_DIRECT);
  if (fd >= 0 && buffer_get(&seen, BUFFER_PAGES, length) && pins_begin(&before)) {
    ssize_t got = pread(fd, seen.addr, length, start_of(writing, zoned));
    if (got != (ssize_t)length) ktap_fail("reading back gave %zd: %s", got, strerror(errno));
    long long pages = pinned ? (long long)pages_spanned(seen.addr, length) : 0;
    pins_expect(&before, pages, pages);
    long bad = pattern_check(seen.addr, length, seed, 0);
    if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
    buffer_put(&seen);
  }
  if (fd >= 0) close(fd);
}

static void judge(const struct writing* writing, ssize_t done, size_t length) {
  int error = errno;
  // A drive says EIO; what zonefs sees for itself is EINVAL. Memory that is missing is EFAULT.
  const int want = writing->half ? EFAULT : writing->zonefs ? EINVAL : EIO;
  bool refused = done < 0 && error == want;
  if (writing->behind && !refused)
    ktap_fail("a write that is not at the write pointer gave %zd: %s", done,
              done < 0 ? strerror(error) : "not refused");
  else if (writing->half && !refused && done != (ssize_t)length / 2)
    ktap_fail("a write of half mapped memory gave %zd: %s", done, done < 0 ? strerror(error) : "");
  else if (!writing->behind && !writing->half && done != (ssize_t)length)
    ktap_fail("%zd of %zu bytes: %s", done, length, done < 0 ? strerror(error) : "short");
}

// Writes the segments at the write pointer, or a page behind it.
static void carry_out(const struct writing* writing, const struct zoned* zoned, struct buffer* data,
                      bool pinned) {
  struct iovec vec[max_pages];
  struct pins before;
  size_t segment = (size_t)writing->pages * page_bytes() + (size_t)writing->blocks * zoned->block_bytes,
         length = segment * (size_t)writing->segments;
  long long pages = 0;
  pattern_fill(data->addr, length, seed, 0);
  for (int i = 0; i < writing->segments; ++i) {
    vec[i] = (struct iovec){data->addr + (size_t)i * segment, segment};
    pages += (long long)pages_spanned(vec[i].iov_base, segment);
  }
  if (writing->half) mprotect(data->addr + length / 2, length / 2, PROT_NONE);
  int fd = open_file(writing, zoned, O_WRONLY | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    off_t at = start_of(writing, zoned) + (writing->behind ? (off_t)page_bytes() : 0);
    judge(writing, pwritev(fd, vec, writing->segments, at), length);
    if (writing->half) pages /= 2;
    // zonefs refuses what is behind before it looks at the memory.
    long long least = pinned && !(writing->behind && writing->zonefs) ? pages : 0;
    pins_expect(&before, least, least);
  }
  if (fd >= 0) close(fd);
  if (writing->behind && zone_written(zoned, zone) != 0)
    ktap_fail("the refused write moved the write pointer");
  if (!writing->behind && !writing->half && !ktap_failed()) read_back(writing, zoned, length, pinned);
}

// How this kernel's file system gets the memory; a page is written to have something to read.
static enum pin_mode mode_of(const struct writing* writing, const struct zoned* zoned, struct buffer* data) {
  if (!writing->zonefs) return caps_dio_bdev();
  long long skew = 0;
  enum pin_mode mode = MODE_UNKNOWN;
  int fd = open_file(writing, zoned, O_RDWR | O_DIRECT);
  if (fd >= 0 && pwrite(fd, data->addr, page_bytes(), 0) == (ssize_t)page_bytes())
    mode = caps_probe_read(fd, &skew);
  if (fd >= 0 && mode != MODE_UNKNOWN && ftruncate(fd, 0) < 0)
    ktap_fail("emptying a zone: %s", strerror(errno));
  if (fd >= 0) close(fd);
  if (mode == MODE_UNKNOWN) ktap_fail("the first page of a zone: %s", strerror(errno));
  // The super block, the page, and the read of it.
  pins_claim_exact(mode == MODE_PIN ? 2 : 0);
  return mode == MODE_UNKNOWN ? mode : caps_announce("dio.zonefs", mode);
}

static void write_zone(const void* arg) {
  const struct writing* writing = arg;
  struct zoned zoned = {0};
  struct buffer data;
  bool mounted = false, ready = drive_pages(1) >= 0 && writing->open(&zoned) && zone_reset(&zoned, zone);
  if (ready && writing->zonefs) {
    pins_claim_exact(drive_pages((long long)((4096 + page_bytes() - 1) / page_bytes())));
    ready = mounted = zonefs_mount(&zoned, target);
  }
  if (ready && buffer_get(&data, BUFFER_MEMFD, max_pages * page_bytes())) {
    enum pin_mode mode = mode_of(writing, &zoned, &data);
    if (mode != MODE_UNKNOWN && !ktap_failed()) carry_out(writing, &zoned, &data, mode == MODE_PIN);
    buffer_seal(&data);
    buffer_put(&data);
  }
  if (mounted) umount(target);
  zoned_close(&zoned);
}

#define WRITINGS(device, zonefs)                                                     \
  {device, zonefs, 1, 16, 0, false, false}, {device, zonefs, 8, 0, 1, false, false}, \
      {device, zonefs, 1, 4, 0, true, false}, {                                      \
    device, zonefs, 1, 16, 0, false, true                                            \
  }
#define CASES(prefix, first)                                                 \
  {prefix "16_pages", write_zone, &writings[first]},                         \
      {prefix "8_iovecs_of_a_block", write_zone, &writings[(first) + 1]},    \
      {prefix "behind_write_pointer", write_zone, &writings[(first) + 2]}, { \
    prefix "half_unmapped", write_zone, &writings[(first) + 3]               \
  }

int main(void) {
  static const struct writing writings[] = {
      WRITINGS(zoned_null_blk, false),
      WRITINGS(zoned_null_blk, true),
      WRITINGS(zoned_nvme, false),
      WRITINGS(zoned_nvme, true),
  };
  static const struct ktap_case cases[] = {
      CASES("null_blk_write_", 0),
      CASES("null_blk_zonefs_write_", 4),
      CASES("nvme_write_", 8),
      CASES("nvme_zonefs_write_", 12),
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
