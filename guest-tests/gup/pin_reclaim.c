// SPDX-License-Identifier: GPL-2.0
// Reclaim skips pinned pages (mm/vmscan.c, shrink_folio_list()): MADV_PAGEOUT swaps out unpinned pages,
// pinned ones keep frame and data. If they were unmapped, the next write of the process would go to another
// page than the device's.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "clock.h"
#include "contract/obligations.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"
#include "patience.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

enum { pages = 16, seed = 72, new_seed = 73 };

static size_t swapped(const struct buffer* buffer) {
  size_t count = 0;
  for (size_t i = 0; i < buffer->size; i += page_bytes()) count += pagemap_swapped(buffer->addr + i);
  return count;
}

// Reclaim takes only pages that are on their LRU list: asked again until all is out, or a second is over.
// Pages that this process filled on another CPU stay in that CPU's batch of the LRU (mm/swap.c,
// folio_add_lru()), and MADV_PAGEOUT drains only its own (mm/madvise.c, lru_add_drain()): dropping caches
// drains all of them.
static size_t page_out(const struct buffer* buffer) {
  long long end = clock_ms() + patience_scaled(1000);
  size_t count = 0, wanted = buffer->size / page_bytes();
  do {
    if (madvise(buffer->addr, buffer->size, MADV_PAGEOUT) < 0) ktap_fail("MADV_PAGEOUT: %s", strerror(errno));
    count = swapped(buffer);
    if (count < wanted) {
      contract_drop_caches();
      sleep_ms(5);
    }
  } while (count < wanted && clock_ms() < end && !ktap_failed());
  return count;
}

static void unpinned(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, *kind, pages * page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  size_t count = page_out(&buffer);
  ktap_note("%zu of %zu pages are in swap", count, buffer.size / page_bytes());
  if (count == 0) ktap_skip("MADV_PAGEOUT swaps nothing out: there is no swap");
  // That pinned pages stay says something only where all of the others go.
  if (count > 0 && count < buffer.size / page_bytes())
    ktap_fail("only %zu unpinned pages are in swap", count);
  if (pattern_check(buffer.addr, buffer.size, seed, 0) >= 0) ktap_fail("data lost");
  buffer_put(&buffer);
}

static void pinned(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  struct hold hold;
  if (!buffer_get(&buffer, *kind, pages * page_bytes())) return;
  uint64_t* pfns = calloc(buffer.size / page_bytes(), sizeof(*pfns));
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  if (hold_open(&hold, buffer.addr, buffer.size) && pagemap_pfns(buffer.addr, buffer.size, pfns)) {
    for (int i = 0; i < 20; ++i) madvise(buffer.addr, buffer.size, MADV_PAGEOUT);
    if (swapped(&buffer)) ktap_fail("%zu pinned pages are in swap", swapped(&buffer));
    // Touched first: a page in the swap cache would come back at its old frame, or at another.
    pattern_fill(buffer.addr, buffer.size, new_seed, 0);
    if (pagemap_moved(buffer.addr, buffer.size, pfns)) ktap_fail("pinned pages have other frames");
    hold_check(&hold, 0, buffer.size, new_seed, "after reclaim");
  }
  hold_close(&hold);
  free(pfns);
  buffer_put(&buffer);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"unpinned_pages_go_to_swap", unpinned, &page}, {"unpinned_thp_goes_to_swap", unpinned, &thp},
      {"pinned_pages_stay", pinned, &page},           {"pinned_thp_stays", pinned, &thp},
      {"pinned_memfd_stays", pinned, &memfd},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
