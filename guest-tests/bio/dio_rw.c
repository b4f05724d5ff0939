// SPDX-License-Identifier: GPL-2.0
// O_DIRECT on a raw NVMe drive in every shape that changes the way pages get into a bio (block/fops.c,
// bio_iov_iter_get_pages): how many are pinned and unpinned, and that the right bytes moved.
//
// A kernel that pins counts every page that every iovec touches, once (also where two share a page: the bio
// merges them and gives the second pin back). One that takes plain references counts nothing.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"

enum { untouched = 0x5a };

// `segments` iovecs of `pages` pages and `bytes` bytes each, `stride` bytes apart (0: next to each other), the
// first one `offset` bytes into the buffer. Names count in pages so that they hold for 4K, 16K and 64K.
struct shape {
  const char* name;
  enum buffer_kind kind;
  int segments;
  int pages;
  int bytes;       // may be negative
  int stride_pages;
  int stride_bytes;
  int offset;
};

static const struct shape shapes[] = {
    {"1_page", BUFFER_PAGES, 1, 1, 0, 0, 0, 0},
    {"16_pages", BUFFER_PAGES, 1, 16, 0, 0, 0, 0},
    {"16_pages_at_512", BUFFER_PAGES, 1, 16, 0, 0, 0, 512},
    {"sector_at_512", BUFFER_PAGES, 1, 0, 512, 0, 0, 512},
    {"head_unaligned", BUFFER_PAGES, 1, 16, -512, 0, 0, 512},
    {"tail_unaligned", BUFFER_PAGES, 1, 15, 512, 0, 0, 0},
    {"head_and_tail_unaligned", BUFFER_PAGES, 1, 15, 0, 0, 0, 1536},
    {"1_page_at_4_bytes", BUFFER_PAGES, 1, 1, 0, 0, 0, 4},
    {"256_pages", BUFFER_PAGES, 1, 256, 0, 0, 0, 0},  // the most that the one-bio path takes
    {"257_pages", BUFFER_PAGES, 1, 257, 0, 0, 0, 0},  // __blkdev_direct_IO: several bios
    {"1024_pages", BUFFER_PAGES, 1, 1024, 0, 0, 0, 0},
    {"iov_8x512_in_one_page", BUFFER_PAGES, 8, 0, 512, 0, 0, 0},
    {"iov_2x512_gap_in_one_page", BUFFER_PAGES, 2, 0, 512, 0, 1024, 0},
    {"iov_4x1_page_with_gaps", BUFFER_PAGES, 4, 1, 0, 2, 0, 0},
    {"iov_8x1_page_at_512", BUFFER_PAGES, 8, 1, 0, 1, 0, 512},
    {"iov_1024x512", BUFFER_PAGES, 1024, 0, 512, 0, 0, 0},
    {"thp_16_pages_at_3_pages", BUFFER_THP, 1, 16, 0, 0, 0, -3},
    {"thp_whole", BUFFER_THP, 0, 0, 0, 0, 0, 0},
    {"hugetlb_3_pages_at_2048", BUFFER_HUGETLB, 1, 3, 0, 0, 0, 2048},
    {"hugetlb_whole", BUFFER_HUGETLB, 0, 0, 0, 0, 0, 0},
    {"memfd_16_pages", BUFFER_MEMFD, 1, 16, 0, 0, 0, 0},
};
enum { shape_count = sizeof(shapes) / sizeof(shapes[0]), whole_limit = 64 << 20, most_segments = 1024 };

struct transfer {
  struct iovec vec[most_segments];
  int segments;
  size_t length;     // bytes of all segments
  long long pages;   // that a pinning kernel pins
  struct buffer buffer;
  unsigned seed;
};

static const off_t drive_offset = 8 << 20;

// Lays the shape out in a fresh buffer. A shape without segments is the whole (huge) buffer; a negative offset
// counts in pages.
static bool lay_out(const struct shape* shape, struct transfer* t) {
  size_t page = page_bytes();
  size_t segment = (size_t)((long)shape->pages * (long)page + shape->bytes);
  size_t stride = (size_t)shape->stride_pages * page + (size_t)shape->stride_bytes;
  size_t offset = shape->offset < 0 ? (size_t)-shape->offset * page : (size_t)shape->offset;
  if (stride == 0) stride = segment;
  t->segments = shape->segments ? shape->segments : 1;
  size_t size = offset + stride * (size_t)(t->segments - 1) + segment;
  if (shape->segments == 0) size = 1;
  if (!buffer_get(&t->buffer, shape->kind, size)) return false;
  if (shape->segments == 0) segment = t->buffer.size;
  if (segment > whole_limit) {
    buffer_put(&t->buffer);
    return ktap_skip("a huge page of %zu MiB is more than the drive holds", segment >> 20);
  }
  t->length = 0;
  t->pages = 0;
  for (int i = 0; i < t->segments; ++i) {
    t->vec[i] = (struct iovec){t->buffer.addr + offset + (size_t)i * stride, segment};
    t->length += segment;
    t->pages += (long long)pages_spanned(t->vec[i].iov_base, segment);
  }
  return true;
}

// Every byte of the segments is the pattern, every other byte of the buffer is as it was.
static void check_buffer(const struct transfer* t) {
  const unsigned char* at = t->buffer.addr;
  size_t position = 0;
  for (int i = 0; i <= t->segments; ++i) {
    const unsigned char* next = i < t->segments ? t->vec[i].iov_base : t->buffer.addr + t->buffer.size;
    for (; at < next; ++at)
      KTAP_REQUIRE(*at == untouched, "byte %td of the buffer was not to be written", at - t->buffer.addr);
    if (i == t->segments) break;
    long bad = pattern_check(next, t->vec[i].iov_len, t->seed, position);
    KTAP_REQUIRE(bad < 0, "wrong data at byte %ld of segment %d", bad, i);
    position += t->vec[i].iov_len;
    at = next + t->vec[i].iov_len;
  }
}

// What is on the drive, by way of the emptied page cache: writes it (`length` bytes of the pattern) or compares.
static bool through_cache(size_t length, unsigned seed, bool write) {
  int fd = device_open(DRIVE_RAW, 1, O_RDWR);
  if (fd < 0) return false;
  unsigned char* bytes = malloc(length);
  bool good = bytes && device_drop_cache(fd);
  if (good && write) {
    pattern_fill(bytes, length, seed, 0);
    good = pwrite(fd, bytes, length, drive_offset) == (ssize_t)length || ktap_fail("buffered write: %s", strerror(errno));
    good = good && device_drop_cache(fd);
  } else if (good) {
    good = pread(fd, bytes, length, drive_offset) == (ssize_t)length || ktap_fail("buffered read: %s", strerror(errno));
    long bad = good ? pattern_check(bytes, length, seed, 0) : -1;
    if (bad >= 0) good = ktap_fail("wrong data on the drive at byte %ld", bad);
  }
  free(bytes);
  close(fd);
  return good;
}

// The operation itself between two samples, for a kernel that pins or gets.
static void measure(struct transfer* t, bool write, enum pin_mode mode) {
  struct pins before;
  int fd = device_open(DRIVE_RAW, 1, (write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    ssize_t done = write ? pwritev(fd, t->vec, t->segments, drive_offset) : preadv(fd, t->vec, t->segments, drive_offset);
    if (done != (ssize_t)t->length) ktap_fail("%zd of %zu bytes: %s", done, t->length, done < 0 ? strerror(errno) : "short");
    long long pages = mode == MODE_PIN ? t->pages : 0;
    pins_expect(&before, pages, pages);
  }
  if (fd >= 0) close(fd);
}

static void transfer(const struct shape* shape, bool write) {
  static unsigned seed = 100;
  struct transfer t = {.seed = ++seed};
  enum pin_mode mode = caps_dio_bdev();
  if (mode == MODE_UNKNOWN) return;
  char path[300];
  // Before 6.0 memory had to be aligned like the drive's blocks; the attribute came with that change.
  if (shape->offset == 4 && device_find(DRIVE_RAW, 1, path, sizeof(path))) {
    long mask = device_queue_attribute(path, "dma_alignment");
    if (mask < 0 || mask > 3) {
      ktap_skip("the drive wants memory aligned to more than 4 bytes (dma_alignment %ld)", mask);
      return;
    }
  }
  long huge_before = hugetlb_free();
  if (!lay_out(shape, &t)) return;
  if (write) {
    size_t position = 0;
    for (int i = 0; i < t.segments; position += t.vec[i++].iov_len)
      pattern_fill(t.vec[i].iov_base, t.vec[i].iov_len, t.seed, position);
  }
  if (write || through_cache(t.length, t.seed, true)) measure(&t, write, mode);
  if (write && !ktap_failed()) through_cache(t.length, t.seed, false);
  if (!write && !ktap_failed()) check_buffer(&t);
  if (shape->kind == BUFFER_MEMFD) buffer_seal(&t.buffer);
  buffer_put(&t.buffer);
  if (shape->kind == BUFFER_HUGETLB && hugetlb_free() != huge_before)
    ktap_fail("%ld huge pages are free, %ld were before", hugetlb_free(), huge_before);
}

static void read_shape(const void* shape) { transfer(shape, false); }
static void write_shape(const void* shape) { transfer(shape, true); }

// The zero page as source: written out as zeros, neither pinned nor counted.
static void write_zero_page(const void* arg) {
  (void)arg;
  struct buffer zero;
  struct pins before;
  if (caps_dio_bdev() == MODE_UNKNOWN || !through_cache(16 * page_bytes(), 7, true)) return;
  if (!buffer_get(&zero, BUFFER_PAGES, 16 * page_bytes())) return;
  madvise(zero.addr, zero.size, MADV_DONTNEED);
  for (size_t i = 0; i < zero.size; i += page_bytes()) (void)((volatile unsigned char*)zero.addr)[i];
  int fd = device_open(DRIVE_RAW, 1, O_RDWR | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    if (pwrite(fd, zero.addr, zero.size, drive_offset) != (ssize_t)zero.size) ktap_fail("pwrite: %s", strerror(errno));
    pins_expect(&before, 0, 0);
  }
  if (fd >= 0) close(fd);
  fd = device_open(DRIVE_RAW, 1, O_RDONLY);
  memset(zero.addr, untouched, zero.size);
  if (fd < 0 || pread(fd, zero.addr, zero.size, drive_offset) != (ssize_t)zero.size) ktap_fail("pread: %s", strerror(errno));
  for (size_t i = 0; i < zero.size && !ktap_failed(); ++i)
    if (zero.addr[i] != 0) ktap_fail("byte %zu on the drive is not zero", i);
  if (fd >= 0) close(fd);
  buffer_put(&zero);
}

int main(void) {
  static struct ktap_case cases[2 * shape_count + 1];
  static char names[2 * shape_count][48];
  for (int i = 0; i < 2 * shape_count; ++i) {
    bool write = i >= shape_count;
    const struct shape* shape = &shapes[i % shape_count];
    snprintf(names[i], sizeof(names[i]), "%s_%s", write ? "write" : "read", shape->name);
    cases[i] = (struct ktap_case){names[i], write ? write_shape : read_shape, shape};
  }
  cases[2 * shape_count] = (struct ktap_case){"write_zero_page", write_zero_page, NULL};
  return ktap_run(cases, 2 * shape_count + 1);
}
