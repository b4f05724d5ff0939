// SPDX-License-Identifier: GPL-2.0
// Fixed buffers in huge pages. Kernels that coalesce (io_uring/rsrc.c io_try_coalesce_buffer, since 6.10)
// keep one pin of each huge page and drop the others when they register: whole pages, parts, several in a
// row, from the middle of one to the middle of another. If the pages differ in size, or are not consecutive,
// all pins stay. Data is transferred to every part, because the pieces are then addressed by huge page.
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "fixed.h"
#include "ktap.h"
#include "pins.h"

enum { step = 7 };  // reads through the buffer begin at every so many pages

struct span {
  enum buffer_kind kind;
  int huge_pages;                // of the buffer
  int start_pages, start_bytes;  // where it begins; negative: so many pages before the second huge page
  int less_pages, less_bytes;    // how much before the end of the buffer it ends
  int max_pages;                 // 0: no limit
};

// Reads patterns from a memfd to several places of the registered buffer, each across page boundaries.
static void through(struct fixed* fixed, unsigned char* at, size_t length) {
  static unsigned seed = 1500;
  size_t piece = 3 * page_bytes() / 2;
  unsigned char* bytes = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int file = memfd_create("data", MFD_CLOEXEC);
  KTAP_REQUIRE(bytes != MAP_FAILED && file >= 0, "no memory for the data");
  for (size_t from = 100; from + piece <= length && !ktap_failed();
       from += step * page_bytes() * (length > 1 << 20 ? 9 : 1)) {
    pattern_fill(bytes, piece, ++seed, 0);
    if (pwrite(file, bytes, piece, 0) != (ssize_t)piece) ktap_fail("writing a memfd");
    memset(at + from, 0, piece);
    int done = ring_transfer(&fixed->ring, IORING_OP_READ_FIXED, file, at + from, piece, 0, 0);
    if (done != (int)piece) ktap_fail("%d of %zu bytes at %zu", done, piece, from);
    if (pattern_check(at + from, piece, seed, 0) >= 0)
      ktap_fail("wrong data at byte %zu of the buffer", from);
  }
  munmap(bytes, piece);
  close(file);
}

static void span(const void* arg) {
  const struct span* s = arg;
  struct buffer buffer;
  struct fixed fixed;
  size_t folio = s->kind == BUFFER_THP ? thp_bytes() : hugetlb_bytes();
  long huge_before = hugetlb_free();
  if (caps_iou_coalesce() < 0 || !buffer_get(&buffer, s->kind, (size_t)s->huge_pages * (folio ? folio : 1)))
    return;
  long from = (s->start_pages < 0 ? (long)folio : 0) + s->start_pages * (long)page_bytes() + s->start_bytes;
  size_t start = (size_t)from;
  size_t length = buffer.size - start - (size_t)s->less_pages * page_bytes() - (size_t)s->less_bytes;
  if (s->max_pages) length = (size_t)s->max_pages * page_bytes();
  if (fixed_open(&fixed, buffer.addr + start, length, folio)) through(&fixed, buffer.addr + start, length);
  fixed_close(&fixed);
  buffer_put(&buffer);
  if (s->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

// A huge page with base pages behind it: not of one size, so that nothing is released until the end.
static void huge_page_then_base_pages(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct fixed fixed;
  size_t folio = thp_bytes(), tail = 4 * page_bytes();
  if (caps_iou_coalesce() < 0 || !buffer_get(&buffer, BUFFER_THP, 2 * folio)) return;
  // The second huge page gives way to base pages at the same place.
  unsigned char* base = mmap(buffer.addr + folio, folio, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  KTAP_REQUIRE(base != MAP_FAILED, "mmap over a huge page");
  madvise(base, folio, MADV_NOHUGEPAGE);
  memset(base, 1, tail);
  if (fixed_open(&fixed, buffer.addr, folio + tail, 0)) through(&fixed, buffer.addr, folio + tail);
  fixed_close(&fixed);
  buffer_put(&buffer);
}

// Every other page of a huge page, mapped side by side out of a huge memfd: they do not follow each other.
static void pages_out_of_order(const void* arg) {
  (void)arg;
  struct fixed fixed;
  struct buffer target;
  enum { pages = 8 };
  size_t page = page_bytes();
  if (caps_iou_coalesce() < 0 || !buffer_get(&target, BUFFER_THP, 1)) return;
  // mremap moves single pages, which splits the mapping but not the huge page.
  unsigned char* place = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  KTAP_REQUIRE(place != MAP_FAILED, "mmap");
  for (int i = 0; i < pages; ++i) {
    void* moved = mremap(target.addr + (size_t)(2 * i) * page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
                         place + (size_t)i * page);
    KTAP_REQUIRE(moved != MAP_FAILED, "mremap of one page of a huge page");
  }
  if (fixed_open(&fixed, place, pages * page, 0)) through(&fixed, place, pages * page);
  fixed_close(&fixed);
  munmap(place, pages * page);
  buffer_put(&target);
}

// The end of one huge page, and then another one from its middle on: each of them in one piece, but what is
// registered of the second does not begin where it does.
static void second_thp_from_its_middle(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct fixed fixed;
  enum { head = 4, skipped = 9, tail = 21 };
  const size_t page = page_bytes(), folio = thp_usable();
  if (caps_iou_coalesce() < 0 || !folio || !buffer_get(&buffer, BUFFER_THP, 2 * folio)) return;
  unsigned char* place =
      mmap(NULL, (head + tail) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  KTAP_REQUIRE(place != MAP_FAILED, "mmap");
  const bool moved = mremap(buffer.addr + folio - head * page, head * page, head * page,
                            MREMAP_MAYMOVE | MREMAP_FIXED, place) == place &&
                     mremap(buffer.addr + folio + skipped * page, tail * page, tail * page,
                            MREMAP_MAYMOVE | MREMAP_FIXED, place + head * page) == place + head * page;
  KTAP_REQUIRE(moved, "mremap of a part of a huge page");
  if (fixed_open(&fixed, place, (head + tail) * page, 0)) through(&fixed, place, (head + tail) * page);
  fixed_close(&fixed);
  munmap(place, (head + tail) * page);
  buffer_put(&buffer);
}

int main(void) {
  static const struct span thp_whole = {BUFFER_THP, 1, 0, 0, 0, 0, 0},
                           thp_part = {BUFFER_THP, 1, 3, 0, 0, 0, 16};
  static const struct span thp_3 = {BUFFER_THP, 3, 0, 0, 0, 0, 0},
                           thp_middle = {BUFFER_THP, 3, 100, 512, 37, 100, 0};
  static const struct span thp_one_page = {BUFFER_THP, 1, 5, 0, 0, 0, 1},
                           thp_edge = {BUFFER_THP, 2, 0, 512, 0, 512, 0};
  static const struct span huge_whole = {BUFFER_HUGETLB, 1, 0, 0, 0, 0, 0},
                           huge_middle = {BUFFER_HUGETLB, 3, -1, 0, 1, 0, 0};
  static const struct span huge_part = {BUFFER_HUGETLB, 1, 1, 2048, 0, 0, 16};
  static const struct ktap_case cases[] = {
      {"thp", span, &thp_whole},
      {"thp_16_pages_at_3_pages", span, &thp_part},
      {"thp_1_page", span, &thp_one_page},
      {"2_thp_but_both_edges", span, &thp_edge},
      {"3_thp", span, &thp_3},
      {"3_thp_from_middle_to_middle", span, &thp_middle},
      {"hugetlb", span, &huge_whole},
      {"hugetlb_16_pages_at_1_page_2048", span, &huge_part},
      {"3_hugetlb_from_middle_to_middle", span, &huge_middle},
      {"thp_then_base_pages", huge_page_then_base_pages, NULL},
      {"pages_of_thp_out_of_order", pages_out_of_order, NULL},
      {"second_thp_from_its_middle", second_thp_from_its_middle, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
