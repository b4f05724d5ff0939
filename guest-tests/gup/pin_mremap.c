// SPDX-License-Identifier: GPL-2.0
// mremap() moves a mapping, not its pages: a pinned page keeps its frame at the new address, and process and
// device still see each other's writes.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum { pages = 16, seed = 64, new_seed = 65, device_seed = 66 };

struct way {
  enum buffer_kind kind;
  int flags;
};

static void compare(struct hold* hold, unsigned char* moved, size_t size, const uint64_t* pfns) {
  if (pagemap_moved(moved, size, pfns) != 0)
    ktap_fail("%zu pages have other frames", pagemap_moved(moved, size, pfns));
  if (pattern_check(moved, size, seed, 0) >= 0) ktap_fail("wrong data at the new address");
  pattern_fill(moved, size, new_seed, 0);
  hold_check(hold, 0, size, new_seed, "after the process wrote at the new address");
  unsigned char* block = malloc(page_bytes());
  pattern_fill(block, page_bytes(), device_seed, 0);
  hold_write(hold, page_bytes(), block, page_bytes());
  free(block);
  if (pattern_check(moved + page_bytes(), page_bytes(), device_seed, 0) >= 0)
    ktap_fail("the device's write is not visible");
}

static void moved(const void* arg) {
  const struct way* way = arg;
  struct buffer buffer;
  struct hold hold;
  if (!buffer_get(&buffer, way->kind, pages * page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  uint64_t* pfns = calloc(buffer.size / page_bytes(), sizeof(*pfns));
  size_t huge = way->kind == BUFFER_THP ? buffer.size : 0;
  // A place for it, aligned alike, so that a huge page can be moved as one.
  unsigned char* place = mmap(NULL, buffer.size + huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char* target = huge ? (unsigned char*)(((uintptr_t)place + huge - 1) / huge * huge) : place;
  if (hold_open(&hold, buffer.addr, buffer.size) && pagemap_pfns(buffer.addr, buffer.size, pfns)) {
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | way->flags;
    void* got = mremap(buffer.addr, buffer.size, buffer.size, flags, target);
    if (got != target)
      ktap_fail("mremap: %s", strerror(errno));
    else
      compare(&hold, target, buffer.size, pfns);
    if (way->flags & MREMAP_DONTUNMAP && buffer.addr[0] != 0)
      ktap_fail("the old address still shows the data");
  }
  hold_close(&hold);
  munmap(place, buffer.size + huge);
  buffer_put(&buffer);
  free(pfns);
}

int main(void) {
  static const struct way move = {BUFFER_PAGES, 0}, keep = {BUFFER_PAGES, MREMAP_DONTUNMAP},
                          thp = {BUFFER_THP, 0};
  static const struct way memfd = {BUFFER_MEMFD, 0};
  static const struct ktap_case cases[] = {
      {"move", moved, &move},
      {"move_and_keep", moved, &keep},
      {"move_thp", moved, &thp},
      {"move_memfd", moved, &memfd},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
