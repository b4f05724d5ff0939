// SPDX-License-Identifier: GPL-2.0
// ZONE_MOVABLE and VFIO: pin_user_pages_remote(FOLL_LONGTERM) migrates pages out of it first, with their
// data; the device then uses the new pages.
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "vfio.h"

enum { pages = 16, seed = 97, both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

static void leaves(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct vfio vfio;
  struct buffer buffer;
  struct pins before;
  uint64_t was[pages], is[pages];
  size_t undone;
  const size_t looked_at = pages * page_bytes();
  if (!pagemap_have_movable_zone()) {
    ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
    return;
  }
  if (vfio_open(&vfio) && buffer_get(&buffer, *kind, looked_at)) {
    pattern_fill(buffer.addr, looked_at, seed, 0);
    const long long all = (long long)(buffer.size / page_bytes());
    if (pagemap_pfns(buffer.addr, looked_at, was) && pins_begin(&before)) {
      size_t movable = pagemap_in_movable(was, pages);
      if (movable == 0) ktap_skip("none of the pages came from ZONE_MOVABLE");
      int error = vfio_map(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both);
      if (error) ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
      vfio_expect_held(&vfio, &before, all);
      if (pagemap_pfns(buffer.addr, looked_at, is)) {
        ktap_note("in ZONE_MOVABLE: %zu of %d before, %zu after", movable, pages,
                  pagemap_in_movable(is, pages));
        if (pagemap_in_movable(is, pages)) ktap_fail("pages are pinned long-term in ZONE_MOVABLE");
        if (pattern_check(buffer.addr, looked_at, seed, 0) >= 0) ktap_fail("data lost");
      }
      vfio_unmap(&vfio, VFIO_IOVA, buffer.size, &undone);
      pins_expect(&before, 0, all);
    }
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, memfd = BUFFER_MEMFD, thp = BUFFER_THP;
  static const struct ktap_case cases[] = {
      {"pages", leaves, &page}, {"memfd", leaves, &memfd}, {"thp", leaves, &thp}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
