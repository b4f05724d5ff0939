// SPDX-License-Identifier: GPL-2.0
// KSM merges identical pages, but not pinned ones (mm/ksm.c, write_protect_page()): a device would keep
// writing to a page that the process no longer maps.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "hold.h"
#include "ksm.h"
#include "ktap.h"
#include "pagemap.h"

enum { pages = 8, seed = 69 };

// Pages that have another one's frame. Not by /proc/kpageflags: 6.12 calls every anonymous page KSM there
// (fs/proc/page.c, stable_page_flags() tests two bits for any).
static size_t merged(const struct buffer* buffer) {
  uint64_t frames[pages];
  size_t count = 0;
  if (!pagemap_pfns(buffer->addr, buffer->size, frames)) return 0;
  for (size_t i = 0; i < pages; ++i) {
    bool shared = false;
    for (size_t k = 0; k < pages; ++k) shared |= k != i && frames[k] == frames[i];
    count += shared;
  }
  return count;
}

// Two buffers with the same bytes in every page.
static void fill(struct buffer* buffer) {
  for (size_t i = 0; i < buffer->size; i += page_bytes())
    pattern_fill(buffer->addr + i, page_bytes(), seed, 0);
  if (madvise(buffer->addr, buffer->size, MADV_MERGEABLE) < 0)
    ktap_skip("MADV_MERGEABLE: %s (CONFIG_KSM)", strerror(errno));
}

static void compare(struct hold* hold, struct buffer* pinned, const uint64_t* pfns) {
  if (merged(pinned) != 0) ktap_fail("%zu of %d pinned pages were merged", merged(pinned), pages);
  if (pagemap_moved(pinned->addr, pinned->size, pfns)) ktap_fail("pinned pages have other frames");
  memset(pinned->addr, 0x77, pinned->size);
  unsigned char seen = 0;
  if (hold_read(hold, 0, &seen, 1) && seen != 0x77)
    ktap_fail("the device does not see what the process writes");
}

static void ksm(const void* arg) {
  (void)arg;
  struct buffer pinned, control;
  struct hold hold;
  uint64_t pfns[pages];
  if (!buffer_get(&pinned, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&control, BUFFER_PAGES, pages * page_bytes())) return;
  fill(&pinned);
  fill(&control);
  if (hold_open(&hold, pinned.addr, pinned.size) && pagemap_pfns(pinned.addr, pinned.size, pfns) &&
      ksm_scan()) {
    if (merged(&control) != pages) ktap_fail("%zu of %d unpinned pages were merged", merged(&control), pages);
    compare(&hold, &pinned, pfns);
  }
  hold_close(&hold);
  // The other way round: a merged page is made the process's own again before it is pinned.
  if (!ktap_failed() && hold_open(&hold, control.addr, control.size)) {
    if (merged(&control) != 0) ktap_fail("%zu merged pages were pinned as they are", merged(&control));
    hold_check(&hold, 0, page_bytes(), seed, "of a page that was merged");
    hold_close(&hold);
  }
  ksm_unmerge();
  buffer_put(&pinned);
  buffer_put(&control);
}

int main(void) {
  static const struct ktap_case cases[] = {{"pinned_pages_are_not_merged", ksm, NULL}};
  return ktap_run(cases, 1);
}
