// SPDX-License-Identifier: GPL-2.0
// Direct I/O of iovecs that share pages, repeat them, run backwards or mix kinds of memory: each page of each
// iovec is pinned once, also if it is pinned already, and the bio merges adjacent ones.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { sector = 512, most = 1024, seed = 47 };

struct layout {
  int count;
  bool write;
  // The i-th segment in the two buffers.
  struct iovec (*segment)(const struct buffer* small, const struct buffer* huge, int i);
  enum buffer_kind second;
};

// Round and round through one page.
static struct iovec within_one_page(const struct buffer* small, const struct buffer* huge, int i) {
  (void)huge;
  return (struct iovec){small->addr + (size_t)i * sector % page_bytes(), sector};
}

// The same sector each time.
static struct iovec same_sector(const struct buffer* small, const struct buffer* huge, int i) {
  (void)huge;
  (void)i;
  return (struct iovec){small->addr + sector, sector};
}

// Pages from the last to the first: nothing to merge.
static struct iovec backwards(const struct buffer* small, const struct buffer* huge, int i) {
  (void)huge;
  return (struct iovec){small->addr + (size_t)(31 - i) * page_bytes(), page_bytes()};
}

// Base pages and pieces of a huge page by turns.
static struct iovec by_turns(const struct buffer* small, const struct buffer* huge, int i) {
  unsigned char* at = i % 2 ? huge->addr + 3 * sector : small->addr;
  return (struct iovec){at + (size_t)i * 2 * page_bytes(), page_bytes() + (i % 2 ? sector : 0)};
}

// With empty segments between.
static struct iovec with_empty_ones(const struct buffer* small, const struct buffer* huge, int i) {
  (void)huge;
  return (struct iovec){small->addr + (size_t)i * page_bytes(), i % 2 ? 0 : page_bytes()};
}

// A sector of the drive goes where the iovecs say; of several for one place all are equal, so that their
// order does not matter.
static void check(const struct iovec* vec, int count, const unsigned char* expected) {
  size_t position = 0;
  for (int i = 0; i < count; position += vec[i++].iov_len)
    KTAP_REQUIRE(memcmp(vec[i].iov_base, expected + position, vec[i].iov_len) == 0,
                 "wrong data in segment %d", i);
}

// What is to be on the drive: what the segments hold, one after the other.
static size_t gather(const struct iovec* vec, int count, unsigned char* to) {
  size_t position = 0;
  for (int i = 0; i < count; position += vec[i++].iov_len)
    memcpy(to + position, vec[i].iov_base, vec[i].iov_len);
  return position;
}

static void transfer(const struct layout* layout, const struct iovec* vec, unsigned char* expected,
                     unsigned char* seen) {
  struct pins before;
  long long pages = 0;
  for (int i = 0; i < layout->count; ++i)
    pages += vec[i].iov_len ? (long long)pages_spanned(vec[i].iov_base, vec[i].iov_len) : 0;
  size_t length = gather(vec, layout->count, expected);
  int cached = drive_raw.open(O_RDWR), fd = drive_raw.open((layout->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (!layout->write &&
      (pwrite(cached, expected, length, drive_raw.offset) != (ssize_t)length || !device_drop_cache(cached)))
    ktap_fail("preparing the drive: %s", strerror(errno));
  if (!layout->write)
    for (int i = 0; i < layout->count; ++i) memset(vec[i].iov_base, 0, vec[i].iov_len);
  if (fd >= 0 && cached >= 0 && pins_begin(&before)) {
    ssize_t done = layout->write ? pwritev(fd, vec, layout->count, drive_raw.offset)
                                 : preadv(fd, vec, layout->count, drive_raw.offset);
    if (done != (ssize_t)length)
      ktap_fail("%zd of %zu bytes: %s", done, length, done < 0 ? strerror(errno) : "short");
    pins_expect(&before, drive_pages(pages), drive_pages(pages));
    if (!layout->write)
      check(vec, layout->count, expected);
    else if (device_drop_cache(cached) && (pread(cached, seen, length, drive_raw.offset) != (ssize_t)length ||
                                           memcmp(seen, expected, length) != 0))
      ktap_fail("wrong data on the drive");
  }
  if (fd >= 0) close(fd);
  if (cached >= 0) close(cached);
}

static void run_layout(const void* arg) {
  const struct layout* layout = arg;
  static struct iovec vec[most];
  struct buffer small, second, expected, seen;
  size_t room = 2 * most * sector + 64 * page_bytes();
  if (drive_pages(1) < 0 || !buffer_get(&small, BUFFER_PAGES, 32 * page_bytes())) return;
  if (buffer_get(&second, layout->second, 64 * page_bytes())) {
    if (buffer_get(&expected, BUFFER_PAGES, room)) {
      if (buffer_get(&seen, BUFFER_PAGES, room)) {
        pattern_fill(small.addr, small.size, seed, 0);
        pattern_fill(second.addr, 64 * page_bytes(), seed, small.size);
        for (int i = 0; i < layout->count; ++i) vec[i] = layout->segment(&small, &second, i);
        transfer(layout, vec, expected.addr, seen.addr);
        buffer_put(&seen);
      }
      buffer_put(&expected);
    }
    buffer_put(&second);
  }
  buffer_put(&small);
}

int main(void) {
  static const struct layout read_page = {1024, false, within_one_page, BUFFER_PAGES};
  static const struct layout write_page = {1024, true, within_one_page, BUFFER_PAGES};
  static const struct layout write_sector = {1024, true, same_sector, BUFFER_PAGES};
  static const struct layout read_sector = {64, false, same_sector, BUFFER_PAGES};
  static const struct layout read_back = {32, false, backwards, BUFFER_PAGES},
                             write_back = {32, true, backwards, BUFFER_PAGES};
  static const struct layout read_thp = {12, false, by_turns, BUFFER_THP},
                             write_thp = {12, true, by_turns, BUFFER_THP};
  static const struct layout write_huge = {12, true, by_turns, BUFFER_HUGETLB};
  static const struct layout read_empty = {9, false, with_empty_ones, BUFFER_PAGES};
  static const struct ktap_case cases[] = {
      {"read_1024x512_into_one_page", run_layout, &read_page},
      {"write_1024x512_of_one_page", run_layout, &write_page},
      {"read_64_times_into_one_sector", run_layout, &read_sector},
      {"write_1024_times_of_one_sector", run_layout, &write_sector},
      {"read_32_pages_backwards", run_layout, &read_back},
      {"write_32_pages_backwards", run_layout, &write_back},
      {"read_base_pages_and_thp_by_turns", run_layout, &read_thp},
      {"write_base_pages_and_thp_by_turns", run_layout, &write_thp},
      {"write_base_pages_and_hugetlb_by_turns", run_layout, &write_huge},
      {"read_with_empty_iovecs_between", run_layout, &read_empty},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
