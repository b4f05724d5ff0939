// SPDX-License-Identifier: GPL-2.0
// Pinned pages outlive their mapping: after MADV_DONTNEED, munmap() or a new mapping in its place, a device
// still sees the old page and its data, the process sees a new one, and neither sees the other's writes.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"

enum { pages = 16, seed = 60, device_seed = 61 };

struct way {
  enum buffer_kind kind;
  enum { DONTNEED, REPLACE, UNMAP } how;
};

static bool detach(const struct way* way, struct buffer* buffer) {
  void* at = buffer->addr;
  switch (way->how) {
    case DONTNEED:
      return madvise(at, buffer->size, MADV_DONTNEED) == 0 || ktap_fail("MADV_DONTNEED: %s", strerror(errno));
    case UNMAP:
      return munmap(at, buffer->size) == 0 || ktap_fail("munmap: %s", strerror(errno));
    default:
      return mmap(at, buffer->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
                 at ||
             ktap_fail("mmap: %s", strerror(errno));
  }
}

// The process's new pages are zero and stay out of the device's sight.
static void compare(struct hold* hold, struct buffer* buffer) {
  unsigned char* from = buffer->addr;
  for (size_t i = 0; i < buffer->size; i += page_bytes())
    if (from[i] != 0) ktap_fail("byte %zu of the new mapping is not zero", i);
  memset(from, 0x11, buffer->size);
  hold_check(hold, 0, buffer->size, seed, "after the process wrote to its new pages");
  unsigned char* block = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pattern_fill(block, page_bytes(), device_seed, 0);
  hold_write(hold, 0, block, page_bytes());
  munmap(block, page_bytes());
  hold_check(hold, 0, page_bytes(), device_seed, "after the device wrote");
  if (from[0] != 0x11) ktap_fail("the device's write is visible in the new mapping");
}

static void detached(const void* arg) {
  const struct way* way = arg;
  struct buffer buffer;
  struct hold hold;
  long free_before = hugetlb_free();
  if (!buffer_get(&buffer, way->kind, pages * page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  if (hold_open(&hold, buffer.addr, buffer.size) && detach(way, &buffer)) {
    hold_check(&hold, 0, buffer.size, seed, "after unmapping");
    // Unmapped addresses have no pages, and a hugetlb mapping would take a second page of the pool.
    if (way->how != UNMAP && way->kind != BUFFER_HUGETLB) compare(&hold, &buffer);
    if (way->kind == BUFFER_HUGETLB && hugetlb_free() >= free_before)
      ktap_fail("a pinned huge page is back in its pool");
  }
  hold_close(&hold);
  buffer_put(&buffer);
  if (way->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

int main(void) {
  static const struct way ways[] = {
      {BUFFER_PAGES, DONTNEED}, {BUFFER_PAGES, REPLACE}, {BUFFER_PAGES, UNMAP},   {BUFFER_THP, DONTNEED},
      {BUFFER_THP, REPLACE},    {BUFFER_THP, UNMAP},     {BUFFER_HUGETLB, UNMAP},
  };
  static const struct ktap_case cases[] = {
      {"dontneed", detached, &ways[0]},         {"mapped_over", detached, &ways[1]},
      {"unmapped", detached, &ways[2]},         {"dontneed_thp", detached, &ways[3]},
      {"mapped_over_thp", detached, &ways[4]},  {"unmapped_thp", detached, &ways[5]},
      {"unmapped_hugetlb", detached, &ways[6]},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
