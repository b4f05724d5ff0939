// SPDX-License-Identifier: GPL-2.0
// O_DIRECT in many lengths from 1 to 1030 pages at three places within the first page: around every number of
// pages at which the kernel takes another path (inline vectors, the one-bio path up to 256 pages, several
// bios, several requests).
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { sector = 512, most = 1030, untouched = 0x5a, seed = 31 };

static const int lengths[] = {1,   2,   3,   4,   5,   7,   8,   9,   15,  16,  17,  31,   32,   33,   64,
                              127, 128, 129, 255, 256, 257, 258, 511, 512, 513, 769, 1023, 1024, 1025, most};

struct place {
  bool write;
  int sectors;  // into the first page; negative: before its end
};

static size_t offset_of(const struct place* place) {
  return place->sectors < 0 ? page_bytes() - (size_t)-place->sectors * sector
                            : (size_t)place->sectors * sector;
}

// As far as is looked whether it was left alone.
static size_t checked_bytes(const struct buffer* buffer, size_t offset, size_t length) {
  const size_t end = offset + length + 2 * page_bytes();
  return end < buffer->size ? end : buffer->size;
}

// Nothing but the bytes asked for may have changed.
static bool check_read(const struct buffer* buffer, size_t offset, size_t length) {
  long bad = pattern_check(buffer->addr + offset, length, seed, 0);
  if (bad >= 0) return ktap_fail("%zu bytes: wrong data at byte %ld", length, bad);
  for (size_t i = 0; i < offset; ++i)
    if (buffer->addr[i] != untouched)
      return ktap_fail("%zu bytes: byte %zu before them was written", length, i);
  for (size_t i = offset + length; i < checked_bytes(buffer, offset, length); ++i)
    if (buffer->addr[i] != untouched)
      return ktap_fail("%zu bytes: byte %zu after them was written", length, i);
  return true;
}

static bool one_length(const struct place* place, const struct buffer* buffer, int fd, size_t pages) {
  size_t offset = offset_of(place), length = pages * page_bytes();
  struct pins before;
  long long counted = drive_pages((long long)pages_spanned(buffer->addr + offset, length));
  if (place->write)
    pattern_fill(buffer->addr + offset, length, (unsigned)pages, 0);
  else
    memset(buffer->addr, untouched, checked_bytes(buffer, offset, length));
  if (!pins_begin(&before)) return false;
  ssize_t done = place->write ? pwrite(fd, buffer->addr + offset, length, drive_raw.offset)
                              : pread(fd, buffer->addr + offset, length, drive_raw.offset);
  if (done != (ssize_t)length)
    ktap_fail("%zu pages: %zd bytes of %zu: %s", pages, done, length, done < 0 ? strerror(errno) : "short");
  if (!pins_expect(&before, counted, counted)) return ktap_fail("with %zu pages", pages);
  return place->write ? transfer_compare(&drive_raw, length, (unsigned)pages)
                      : check_read(buffer, offset, length);
}

static void all_lengths(const void* arg) {
  const struct place* place = arg;
  struct buffer buffer;
  if (drive_pages(1) < 0) return;
  if (!place->write && !transfer_store(&drive_raw, most * page_bytes(), seed)) return;
  if (!buffer_get(&buffer, BUFFER_PAGES, (most + 2) * page_bytes())) return;
  int fd = drive_raw.open((place->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  for (size_t i = 0; fd >= 0 && i < sizeof(lengths) / sizeof(lengths[0]) && !ktap_failed(); ++i)
    one_length(place, &buffer, fd, (size_t)lengths[i]);
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

int main(void) {
  static const struct place read_0 = {false, 0}, read_1 = {false, 1}, read_end = {false, -1};
  static const struct place write_0 = {true, 0}, write_1 = {true, 1}, write_end = {true, -1};
  static const struct ktap_case cases[] = {
      {"read_1_to_1030_pages", all_lengths, &read_0},
      {"read_1_to_1030_pages_at_512", all_lengths, &read_1},
      {"read_1_to_1030_pages_at_page_end", all_lengths, &read_end},
      {"write_1_to_1030_pages", all_lengths, &write_0},
      {"write_1_to_1030_pages_at_512", all_lengths, &write_1},
      {"write_1_to_1030_pages_at_page_end", all_lengths, &write_end},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
