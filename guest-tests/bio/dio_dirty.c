// SPDX-License-Identifier: GPL-2.0
// A direct read into pages of a shared file mapping, with a writeback of those pages between its submission
// and its data: the pages must be dirty again when the data has come (bio_check_pages_dirty), or it never
// reaches the drive.
//
// The drive that is read is suspended until the writeback is complete.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "place.h"

enum { answer_ms = 20000, tag_read = 1, fresh = 5, stale = 6 };
static const char file_path[] = "/mnt/ext4/pinrig-dirty";

struct mapped {
  bool device;  // the page cache of the raw drive, else a file
  int pages;
  bool writeback;  // in between
};

static int open_mapped(const struct mapped* mapped, int flags) {
  if (mapped->device) return drive_raw.open(flags);
  int fd = open(file_path, flags | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) ktap_fail("%s: %s", file_path, strerror(errno));
  return fd;
}

static off_t start_of(const struct mapped* mapped) { return mapped->device ? drive_raw.offset : 0; }

// The mapping holds `stale`, on the medium too, and is clean; the other drive holds `fresh`.
static unsigned char* prepare(const struct mapped* mapped, int fd, int other, size_t length) {
  struct buffer data;
  unsigned char* map = MAP_FAILED;
  if (!buffer_get(&data, BUFFER_PAGES, length)) return NULL;
  pattern_fill(data.addr, length, fresh, 0);
  bool good = pwrite(other, data.addr, length, 0) == (ssize_t)length;
  pattern_fill(data.addr, length, stale, 0);
  good = good && pwrite(fd, data.addr, length, start_of(mapped)) == (ssize_t)length && fsync(fd) == 0;
  buffer_put(&data);
  if (good) map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start_of(mapped));
  if (map == MAP_FAILED) ktap_fail("preparing the mapping and the drive: %s", strerror(errno));
  return map == MAP_FAILED ? NULL : map;
}

static bool read_around_writeback(const struct mapped* mapped, struct place* from, unsigned char* map,
                                  size_t length) {
  struct aio aio;
  long result = -ETIME;
  if (!aio_open(&aio, 1)) return false;
  bool held = place_hold(from) && aio_read(&aio, from->fd, map, length, 0, tag_read);
  if (held && mapped->writeback && msync(map, length, MS_SYNC) < 0) ktap_fail("msync: %s", strerror(errno));
  if (held && aio_reap(&aio, 0, &result) != 0) ktap_fail("the read did not wait for the drive");
  place_release(from);
  if (held && aio.in_flight > 0) aio_reap(&aio, answer_ms, &result);
  aio_close(&aio);
  return !held || result == (long)length || ktap_fail("the read gave %ld", result);
}

// From the medium: a direct read writes dirty pages out first, and a page that lost its mark has only the old
// data there.
static void judge(const struct mapped* mapped, const unsigned char* map, size_t length) {
  struct buffer medium;
  long bad = pattern_check(map, length, fresh, 0);
  KTAP_REQUIRE(bad < 0, "the mapping has wrong data at byte %ld", bad);
  int fd = open_mapped(mapped, O_RDONLY | O_DIRECT);
  if (fd >= 0 && buffer_get(&medium, BUFFER_PAGES, length)) {
    ssize_t got = pread(fd, medium.addr, length, start_of(mapped));
    bad = pattern_check(medium.addr, length, fresh, 0);
    if (got != (ssize_t)length)
      ktap_fail("reading the medium gave %zd: %s", got, strerror(errno));
    else if (bad >= 0 && pattern_check(medium.addr, length, stale, 0) < 0)
      ktap_fail("the data never reached the medium: the pages were not marked dirty");
    else if (bad >= 0)
      ktap_fail("the medium has wrong data at byte %ld", bad);
    buffer_put(&medium);
  }
  if (fd >= 0) close(fd);
}

static void written_back_in_flight(const void* arg) {
  const struct mapped* mapped = arg;
  struct place from;
  struct pins before;
  const size_t length = (size_t)mapped->pages * page_bytes();
  const long long pages = drive_pages(2 * mapped->pages);
  if (pages < 0) return;
  if (place_open(&from, PLACE_BDEV, true, 0)) {
    unsigned char* map = NULL;
    int fd = open_mapped(mapped, O_RDWR);
    if (fd >= 0 && pins_begin(&before) && (map = prepare(mapped, fd, from.fd, length))) {
      bool good = read_around_writeback(mapped, &from, map, length);
      // Pages that the file system has to be told about before they are written to are faulted in between: at
      // least.
      pins_expect_at_least(&before, pages, 0);
      if (good && !ktap_failed()) judge(mapped, map, length);
      munmap(map, length);
    }
    if (fd >= 0) close(fd);
  }
  place_close(&from);
  if (!mapped->device) unlink(file_path);
}

int main(void) {
  static const struct mapped file_1 = {false, 1, true}, file_16 = {false, 16, true},
                             quiet = {false, 16, false};
  static const struct mapped device_16 = {true, 16, true};
  static const struct ktap_case cases[] = {
      {"ext4_1_page_msync_in_flight", written_back_in_flight, &file_1},
      {"ext4_16_pages_msync_in_flight", written_back_in_flight, &file_16},
      {"ext4_16_pages_undisturbed", written_back_in_flight, &quiet},
      {"device_16_pages_msync_in_flight", written_back_in_flight, &device_16},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
