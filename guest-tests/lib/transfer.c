// SPDX-License-Identifier: GPL-2.0
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pins.h"

enum { untouched = 0x5a, max_segments = 1024, max_cases = 256 };

const struct shape transfer_shapes[] = {
    {"1_page", BUFFER_PAGES, .segments = 1, .pages = 1},
    {"16_pages", BUFFER_PAGES, .segments = 1, .pages = 16},
    {"16_pages_at_512", BUFFER_PAGES, .segments = 1, .pages = 16, .offset = 512},
    {"sector_at_512", BUFFER_PAGES, .segments = 1, .bytes = 512, .offset = 512},
    {"head_unaligned", BUFFER_PAGES, .segments = 1, .pages = 16, .bytes = -512, .offset = 512},
    {"tail_unaligned", BUFFER_PAGES, .segments = 1, .pages = 15, .bytes = 512},
    {"head_and_tail_unaligned", BUFFER_PAGES, .segments = 1, .pages = 15, .offset = 1536},
    {"1_page_at_4_bytes", BUFFER_PAGES, .segments = 1, .pages = 1, .offset = 4},
    // the most that the one-bio path takes
    {"256_pages", BUFFER_PAGES, .segments = 1, .pages = 256},
    // __blkdev_direct_IO: several bios
    {"257_pages", BUFFER_PAGES, .segments = 1, .pages = 257},
    {"1024_pages", BUFFER_PAGES, .segments = 1, .pages = 1024},
    {"iov_8x512_in_one_page", BUFFER_PAGES, .segments = 8, .bytes = 512},
    {"iov_2x512_gap_in_one_page", BUFFER_PAGES, .segments = 2, .bytes = 512, .stride_bytes = 1024},
    {"iov_4x1_page_with_gaps", BUFFER_PAGES, .segments = 4, .pages = 1, .stride_pages = 2},
    {"iov_8x1_page_at_512", BUFFER_PAGES, .segments = 8, .pages = 1, .stride_pages = 1, .offset = 512},
    {"iov_1024x512", BUFFER_PAGES, .segments = 1024, .bytes = 512},
    {"thp_16_pages_at_3_pages", BUFFER_THP, .segments = 1, .pages = 16, .offset_pages = 3},
    {"thp_whole", BUFFER_THP, .segments = 0},
    {"hugetlb_3_pages_at_2048", BUFFER_HUGETLB, .segments = 1, .pages = 3, .offset = 2048},
    {"hugetlb_whole", BUFFER_HUGETLB, .segments = 0},
    {"memfd_16_pages", BUFFER_MEMFD, .segments = 1, .pages = 16},
};
const size_t transfer_shape_count = sizeof(transfer_shapes) / sizeof(transfer_shapes[0]);

static size_t larger(size_t one, size_t other) { return one > other ? one : other; }

size_t transfer_longest(void) {
  size_t longest = larger(hugetlb_bytes(), thp_bytes() <= BUFFER_MOST_THP ? thp_bytes() : 0);
  for (size_t i = 0; i < transfer_shape_count; ++i) {
    const struct shape* shape = &transfer_shapes[i];
    longest = larger(longest,
                     (size_t)shape->segments * ((size_t)shape->pages * page_bytes() + (size_t)shape->bytes));
  }
  return longest;
}

struct transfer {
  struct iovec vec[max_segments];
  int segments;
  size_t length;    // bytes of all segments
  long long pages;  // that a pinning kernel pins: what each segment touches, also where two share a page
  struct buffer buffer;
  unsigned seed;
};

// Lays the shape out in a fresh buffer.
static bool lay_out(const struct shape* shape, struct transfer* t) {
  size_t page = page_bytes();
  size_t segment = (size_t)((long)shape->pages * (long)page + shape->bytes);
  size_t stride = (size_t)shape->stride_pages * page + (size_t)shape->stride_bytes;
  size_t offset = (size_t)shape->offset_pages * page + (size_t)shape->offset;
  if (stride == 0) stride = segment;
  t->segments = shape->segments ? shape->segments : 1;
  size_t size = offset + stride * (size_t)(t->segments - 1) + segment;
  if (!buffer_get(&t->buffer, shape->kind, shape->segments ? size : 1)) return false;
  if (shape->segments == 0) segment = t->buffer.size;
  t->length = 0;
  t->pages = 0;
  for (int i = 0; i < t->segments; ++i) {
    t->vec[i] = (struct iovec){t->buffer.addr + offset + (size_t)i * stride, segment};
    t->length += segment;
    t->pages += (long long)pages_spanned(t->vec[i].iov_base, segment);
  }
  return true;
}

static void fill_segments(const struct transfer* t) {
  size_t position = 0;
  for (int i = 0; i < t->segments; position += t->vec[i++].iov_len)
    pattern_fill(t->vec[i].iov_base, t->vec[i].iov_len, t->seed, position);
}

// Every byte of the segments is the pattern, every other byte of the buffer is as it was.
static void check_buffer(const struct transfer* t) {
  const unsigned char* at = t->buffer.addr;
  size_t position = 0;
  for (int i = 0; i <= t->segments; ++i) {
    const unsigned char* next = i < t->segments ? t->vec[i].iov_base : t->buffer.addr + t->buffer.size;
    for (; at < next; ++at)
      KTAP_REQUIRE(*at == untouched, "byte %td of the buffer was written, but must not be",
                   at - t->buffer.addr);
    if (i == t->segments) break;
    long bad = pattern_check(next, t->vec[i].iov_len, t->seed, position);
    KTAP_REQUIRE(bad < 0, "wrong data at byte %ld of segment %d", bad, i);
    position += t->vec[i].iov_len;
    at = next + t->vec[i].iov_len;
  }
}

// Both ways through the emptied page cache, by a function that moves bytes and says whether they are right.
static bool through_cache(const struct target* target, size_t length, unsigned seed, bool write) {
  int fd = target->open(O_RDWR);
  if (fd < 0) return false;
  unsigned char* bytes = malloc(length);
  bool good = bytes && target->drop_cache(fd);
  if (good && write) {
    pattern_fill(bytes, length, seed, 0);
    good = pwrite(fd, bytes, length, target->offset) == (ssize_t)length ||
           ktap_fail("buffered write: %s", strerror(errno));
    good = good && target->drop_cache(fd);
  } else if (good) {
    good = pread(fd, bytes, length, target->offset) == (ssize_t)length ||
           ktap_fail("buffered read: %s", strerror(errno));
    long bad = good ? pattern_check(bytes, length, seed, 0) : -1;
    if (bad >= 0) good = ktap_fail("wrong data on the medium at byte %ld", bad);
  }
  free(bytes);
  close(fd);
  return good;
}

bool transfer_store(const struct target* target, size_t length, unsigned seed) {
  return through_cache(target, length, seed, true);
}

bool transfer_compare(const struct target* target, size_t length, unsigned seed) {
  return through_cache(target, length, seed, false);
}

static void wanted_counts(const struct target* target, const struct transfer* t, bool write,
                          struct transfer_counts* counts) {
  long long pages = target->mode() == MODE_PIN ? t->pages : 0;
  *counts = (struct transfer_counts){.acquired = pages, .released = pages};
  if (target->counts) target->counts(t->vec, t->segments, write, counts);
}

// Were as many bytes moved as there should? One that is to be refused moves none.
static bool moved(ssize_t done, int error, const struct transfer* t, const struct transfer_counts* want) {
  if (want->error == 0) {
    if (done == (ssize_t)t->length) return true;
    return ktap_fail("%zd of %zu bytes: %s", done, t->length, done < 0 ? strerror(error) : "short");
  }
  if (done >= 0 || error != want->error)
    ktap_fail("%zd bytes (%s), but it should be refused: %s", done, done < 0 ? strerror(error) : "moved",
              strerror(want->error));
  return false;
}

// The operation itself between two samples. False: there are no data to look at.
static bool measure(const struct target* target, const struct shape* shape, struct transfer* t, bool write) {
  struct pins before;
  bool good = false;
  int fd = target->open((write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    struct transfer_counts want;
    wanted_counts(target, t, write, &want);
    ssize_t done = target->carry ? target->carry(fd, t->vec, t->segments, target->offset, write)
                   : write       ? pwritev(fd, t->vec, t->segments, target->offset)
                                 : preadv(fd, t->vec, t->segments, target->offset);
    good = moved(done, errno, t, &want);
    if (want.sections) pins_claim_skew(want.sections);
    if (target->may_repeat && target->may_repeat(shape, t->length))
      pins_expect_at_least(&before, want.acquired, want.acquired - want.released);
    else
      pins_expect(&before, want.acquired, want.released);
  }
  if (fd >= 0) close(fd);
  return good;
}

// Before 6.0 memory had to be aligned like the blocks of the medium; the attribute came with that change.
static bool alignment_allowed(const struct target* target, const struct shape* shape) {
  if (shape->offset % 512 == 0 || !target->dma_alignment) return true;
  long mask = target->dma_alignment();
  if (mask >= 0 && (shape->offset & mask) == 0) return true;
  return ktap_skip("the drive requires memory aligned to more than %d bytes (dma_alignment %ld)",
                   shape->offset, mask);
}

static void carry_out(const struct target* target, const struct shape* shape, bool write) {
  static unsigned seed = 100;
  struct transfer t = {.seed = ++seed};
  if (target->mode() == MODE_UNKNOWN || !alignment_allowed(target, shape)) return;
  long huge_before = hugetlb_free();
  if (!lay_out(shape, &t)) return;
  if (write) fill_segments(&t);
  bool good = (write || transfer_store(target, t.length, t.seed)) && measure(target, shape, &t, write);
  if (good && !ktap_failed()) {
    if (write)
      transfer_compare(target, t.length, t.seed);
    else
      check_buffer(&t);
  }
  if (shape->kind == BUFFER_MEMFD) buffer_seal(&t.buffer);
  buffer_put(&t.buffer);
  if (shape->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

struct planned {
  const struct target* target;
  const struct shape* shape;
  bool write;
  char name[56];
};

static void run_planned(const void* arg) {
  const struct planned* planned = arg;
  carry_out(planned->target, planned->shape, planned->write);
}

size_t transfer_cases(struct ktap_case* cases, size_t count, size_t room, const struct target* target,
                      const char* prefix, bool (*wanted)(const struct shape* shape)) {
  static struct planned planned[max_cases];
  static size_t used;
  for (size_t i = 0; i < 2 * transfer_shape_count; ++i) {
    const struct shape* shape = &transfer_shapes[i % transfer_shape_count];
    bool write = i >= transfer_shape_count;
    if (wanted && !wanted(shape)) continue;
    // Not silently fewer cases: a test with a table that is too small is broken.
    if (count == room || used == max_cases) {
      fprintf(stderr, "no room for case %s%s_%s\n", prefix, write ? "write" : "read", shape->name);
      abort();
    }
    struct planned* next = &planned[used++];
    *next = (struct planned){.target = target, .shape = shape, .write = write};
    snprintf(next->name, sizeof(next->name), "%s%s_%s", prefix, write ? "write" : "read", shape->name);
    cases[count++] = (struct ktap_case){next->name, run_planned, next};
  }
  return count;
}
