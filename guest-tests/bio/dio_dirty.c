// SPDX-License-Identifier: GPL-2.0
// A direct read into pages of a shared file mapping, with a writeback of those pages between its submission and its
// data: the pages must be dirty again when the data has come (bio_check_pages_dirty), or it never reaches the medium.
//
// The throttled drive delays requests before it moves their data; that the read was still under way after the writeback
// is checked.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { sector = 512, answer_ms = 20000, first_burst = 3, most_burst = 12, tag_burst = 1, tag_read = 2, fresh = 5, stale = 6 };
static const char file_path[] = "/mnt/ext4/pinrig-dirty";

struct place {
  bool device;     // the page cache of the raw drive, else a file
  int pages;
  bool writeback;  // in between
};

static int open_place(const struct place* place, int flags) {
  if (place->device) return drive_raw.open(flags);
  int fd = open(file_path, flags | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) ktap_fail("%s: %s", file_path, strerror(errno));
  return fd;
}

static off_t start_of(const struct place* place) { return place->device ? drive_raw.offset : 0; }

// The mapping holds `stale`, on the medium too, and is clean; the slow drive holds `fresh`.
static unsigned char* prepare(const struct place* place, int fd, int slow, size_t length) {
  struct buffer data;
  unsigned char* map = MAP_FAILED;
  if (!buffer_get(&data, BUFFER_PAGES, length)) return NULL;
  pattern_fill(data.addr, length, fresh, 0);
  bool good = pwrite(slow, data.addr, length, 0) == (ssize_t)length;
  pattern_fill(data.addr, length, stale, 0);
  good = good && pwrite(fd, data.addr, length, start_of(place)) == (ssize_t)length && fsync(fd) == 0;
  buffer_put(&data);
  if (good) map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start_of(place));
  if (map == MAP_FAILED) ktap_fail("preparing the mapping and the drive: %s", strerror(errno));
  return map == MAP_FAILED ? NULL : map;
}

// *in_time: the read was under way until after the writeback. False: the running case failed.
static bool read_around_writeback(const struct place* place, int slow, unsigned char* map, size_t length, int burst,
                                  bool* in_time) {
  struct aio aio;
  struct buffer scratch;
  long result = 0, read_result = -1;
  unsigned tag;
  if (!buffer_get(&scratch, BUFFER_PAGES, page_bytes())) return false;
  if (!aio_open(&aio, most_burst + 1)) return false;
  *in_time = true;
  for (int i = 0; i < burst; ++i) aio_read(&aio, slow, scratch.addr, sector, 0, tag_burst);
  aio_read(&aio, slow, map, length, 0, tag_read);
  if (place->writeback && msync(map, length, MS_SYNC) < 0) ktap_fail("msync: %s", strerror(errno));
  while ((tag = aio_reap(&aio, 0, &result)) != 0) {
    if (tag != tag_read) continue;
    *in_time = false;
    read_result = result;
  }
  while (aio.in_flight > 0) {
    tag = aio_reap(&aio, answer_ms, &result);
    if (tag == tag_read) read_result = result;
    if (tag == 0) break;
  }
  aio_close(&aio);
  buffer_put(&scratch);
  return read_result == (long)length || ktap_fail("the read gave %ld", read_result);
}

// From the medium: a direct read writes dirty pages out first, and a page that lost its mark has only the old data there.
static void judge(const struct place* place, const unsigned char* map, size_t length) {
  struct buffer medium;
  long bad = pattern_check(map, length, fresh, 0);
  KTAP_REQUIRE(bad < 0, "the mapping has wrong data at byte %ld", bad);
  int fd = open_place(place, O_RDONLY | O_DIRECT);
  if (fd >= 0 && buffer_get(&medium, BUFFER_PAGES, length)) {
    ssize_t got = pread(fd, medium.addr, length, start_of(place));
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
  const struct place* place = arg;
  struct pins before;
  size_t length = (size_t)place->pages * page_bytes();
  bool in_time = false;
  int slow = drive_pages(1) < 0 ? -1 : device_open(DRIVE_SLOW, 1, O_RDWR | O_DIRECT);
  int fd = slow < 0 ? -1 : open_place(place, O_RDWR);
  for (int burst = first_burst; fd >= 0 && burst <= most_burst && !in_time && !ktap_failed(); burst *= 2) {
    if (!pins_begin(&before)) break;
    unsigned char* map = prepare(place, fd, slow, length);
    if (!map) break;
    bool good = read_around_writeback(place, slow, map, length, burst, &in_time);
    // Pages that the file system has to be told about before they are written to are faulted in between: at least.
    pins_expect_at_least(&before, drive_pages(2 * place->pages + burst), 0);
    if (good && in_time) judge(place, map, length);
    if (good && !in_time) ktap_note("the drive answered before the writeback was over: again with a longer burst");
    munmap(map, length);
  }
  if (fd >= 0 && !in_time && !ktap_failed()) ktap_fail("the drive never held the read back long enough");
  if (fd >= 0) close(fd);
  if (slow >= 0) close(slow);
  if (!place->device) unlink(file_path);
}

int main(void) {
  static const struct place file_1 = {false, 1, true}, file_16 = {false, 16, true}, quiet = {false, 16, false};
  static const struct place device_16 = {true, 16, true};
  static const struct ktap_case cases[] = {
      {"ext4_1_page_msync_in_flight", written_back_in_flight, &file_1},
      {"ext4_16_pages_msync_in_flight", written_back_in_flight, &file_16},
      {"ext4_16_pages_undisturbed", written_back_in_flight, &quiet},
      {"device_16_pages_msync_in_flight", written_back_in_flight, &device_16},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
