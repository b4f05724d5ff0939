// SPDX-License-Identifier: GPL-2.0
// MADV_COLLAPSE copies base pages into a huge page (mm/khugepaged.c): not if one of them is pinned, because
// the holder of the pin would keep the old page. Unpinned, it does.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // since 6.1
#endif

enum { seed = 74, new_seed = 75 };

// One huge page's worth of base pages, aligned, in the middle of a mapping twice as large.
static bool prepare(struct buffer* buffer, unsigned char** area) {
  size_t huge = thp_usable();
  // Without a length only the advice is looked at.
  if (madvise(NULL, 0, MADV_COLLAPSE) < 0) return ktap_skip("MADV_COLLAPSE: %s (since 6.1)", strerror(errno));
  if (huge == 0 || !buffer_get(buffer, BUFFER_PAGES, 2 * huge)) return false;
  *area = (unsigned char*)(((uintptr_t)buffer->addr + huge - 1) / huge * huge);
  pattern_fill(*area, huge, seed, 0);
  // Written without huge pages; from here on they are allowed.
  return madvise(*area, huge, MADV_HUGEPAGE) == 0 || ktap_skip("MADV_HUGEPAGE: %s", strerror(errno));
}

static int collapse(unsigned char* area) { return madvise(area, thp_bytes(), MADV_COLLAPSE) < 0 ? errno : 0; }

static bool is_huge(unsigned char* area) {
  uint64_t frame = pagemap_pfn(area);
  size_t last = thp_bytes() / page_bytes() - 1;
  return (pagemap_flags(frame) & PAGEMAP_THP) && pagemap_pfn(area + last * page_bytes()) == frame + last;
}

static void unpinned(const void* arg) {
  (void)arg;
  struct buffer buffer;
  unsigned char* area;
  if (!prepare(&buffer, &area)) return;
  int error = collapse(area);
  if (error) ktap_fail("MADV_COLLAPSE: %s", strerror(error));
  if (!error && !is_huge(area)) ktap_fail("no huge page");
  if (pattern_check(area, thp_bytes(), seed, 0) >= 0) ktap_fail("data lost");
  buffer_put(&buffer);
}

// Pages [first, first + count) of it are pinned.
struct part {
  size_t first, count;
};

static void pinned(const void* arg) {
  const struct part* part = arg;
  struct buffer buffer;
  struct hold hold;
  unsigned char* area;
  uint64_t frames[16];
  if (!prepare(&buffer, &area)) return;
  unsigned char* at = area + part->first * page_bytes();
  size_t length = part->count * page_bytes();
  if (hold_open(&hold, at, length) && pagemap_pfns(at, length, frames)) {
    int error = collapse(area);
    ktap_note("with pinned pages: %s", strerror(error));
    if (!error) ktap_fail("collapsed, although %zu of its pages are pinned", part->count);
    // Try again, or, before 6.4, no: a page has more references than mappings (SCAN_PAGE_COUNT).
    if (error && error != EAGAIN && error != EINVAL) ktap_fail("MADV_COLLAPSE: %s", strerror(error));
    if (pagemap_moved(at, length, frames)) ktap_fail("pinned pages have other frames");
    if (pattern_check(area, thp_bytes(), seed, 0) >= 0) ktap_fail("data lost");
    pattern_fill(at, length, new_seed, 0);
    hold_check(&hold, 0, length, new_seed, "after the process wrote");
  }
  hold_close(&hold);
  int error = collapse(area);
  if (error) ktap_fail("after it was unpinned: %s", strerror(error));
  buffer_put(&buffer);
}

int main(void) {
  static const struct part one = {3, 1}, several = {0, 16};
  static const struct ktap_case cases[] = {
      {"unpinned_is_collapsed", unpinned, NULL},
      {"one_page_pinned", pinned, &one},
      {"16_pages_pinned", pinned, &several},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
