// SPDX-License-Identifier: GPL-2.0
// Compaction moves pages together (/proc/sys/vm/compact_memory), but not pinned ones: of a fragmented area the unpinned
// pages move, the pinned ones keep frame and data (mm/compaction.c, mm/migrate.c).
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"

enum { pinned_pages = 64, total = 4096, seed = 74, new_seed = 75, rounds = 5 };

static bool compact(void) {
  int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ktap_skip("/proc/sys/vm/compact_memory: %s (CONFIG_COMPACTION)", strerror(errno));
  bool good = write(fd, "1", 1) == 1;
  close(fd);
  return good || ktap_fail("compacting: %s", strerror(errno));
}

// Every other page is given back, so that there is something to gain by moving the rest.
static size_t remaining(const struct buffer* area, uint64_t* pfns) {
  size_t count = 0;
  for (size_t i = 0; i < total; i += 2) {
    madvise(area->addr + i * page_bytes(), page_bytes(), MADV_DONTNEED);
    pfns[i + 1] = pagemap_pfn(area->addr + (i + 1) * page_bytes());
    count += pfns[i + 1] != 0;
  }
  return count;
}

static size_t moved(const struct buffer* area, const uint64_t* pfns) {
  size_t count = 0;
  for (size_t i = 1; i < total; i += 2) count += pagemap_pfn(area->addr + i * page_bytes()) != pfns[i];
  return count;
}

static void compare(struct hold* hold, struct buffer* pinned, const uint64_t* frames) {
  size_t lost = pagemap_moved(pinned->addr, pinned->size, frames);
  if (lost) ktap_fail("%zu of %d pinned pages have other frames", lost, pinned_pages);
  pattern_fill(pinned->addr, pinned->size, new_seed, 0);
  hold_check(hold, 0, pinned->size, new_seed, "after compaction");
}

static void compaction(const void* arg) {
  (void)arg;
  struct buffer area, pinned;
  struct hold hold;
  uint64_t frames[pinned_pages];
  if (!buffer_get(&area, BUFFER_PAGES, (size_t)total * page_bytes())) return;
  if (!buffer_get(&pinned, BUFFER_PAGES, pinned_pages * page_bytes())) return;
  uint64_t* pfns = calloc(total, sizeof(*pfns));
  pattern_fill(pinned.addr, pinned.size, seed, 0);
  if (hold_open(&hold, pinned.addr, pinned.size) && pagemap_pfns(pinned.addr, pinned.size, frames)) {
    size_t left = remaining(&area, pfns), away = 0;
    for (int i = 0; i < rounds && away == 0 && compact(); ++i) away = moved(&area, pfns);
    ktap_note("%zu of %zu unpinned pages moved", away, left);
    if (away == 0) ktap_skip("compaction moved nothing of %zu MiB of fragmented memory", area.size >> 20);
    compare(&hold, &pinned, frames);
  }
  hold_close(&hold);
  free(pfns);
  buffer_put(&pinned);
  buffer_put(&area);
}

int main(void) {
  static const struct ktap_case cases[] = {{"compaction", compaction, NULL}};
  return ktap_run(cases, 1);
}
