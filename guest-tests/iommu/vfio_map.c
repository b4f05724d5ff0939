// SPDX-License-Identifier: GPL-2.0
// What VFIO maps for a device stays pinned, page for page, until it is unmapped
// (drivers/vfio/vfio_iommu_type1.c): each mapping for itself, and only whole.
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "vfio.h"

enum { pages = 16, both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, seed = 90 };

struct row {
  enum buffer_kind kind;
  size_t huge_pages;  // 0: `pages` base pages
};

static size_t row_bytes(const struct row* row) {
  size_t huge = row->kind == BUFFER_THP ? thp_bytes() : row->kind == BUFFER_HUGETLB ? hugetlb_bytes() : 0;
  return row->huge_pages ? row->huge_pages * huge : pages * page_bytes();
}

static bool map_measured(const struct vfio* vfio, void* addr, size_t length, uint64_t iova, unsigned flags) {
  struct pins before;
  if (!pins_begin(&before)) return false;
  int error = vfio_map(vfio, addr, length, iova, flags);
  if (error) return ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
  return vfio_expect_held(vfio, &before, (long long)(length / page_bytes()));
}

static void unmap_measured(const struct vfio* vfio, uint64_t iova, size_t length, size_t held) {
  struct pins before;
  size_t done;
  if (!pins_begin(&before)) return;
  int error = vfio_unmap(vfio, iova, length, &done);
  if (error) ktap_fail("VFIO_IOMMU_UNMAP_DMA: %s", strerror(error));
  if (done != held) ktap_fail("%zu bytes unmapped, want %zu", done, held);
  pins_expect(&before, 0, (long long)(held / page_bytes()));
}

static void map_and_unmap(const void* arg) {
  const struct row* row = arg;
  struct vfio vfio;
  struct buffer buffer;
  long huge_before = hugetlb_free();
  if (vfio_open(&vfio) && buffer_get(&buffer, row->kind, row_bytes(row))) {
    pattern_fill(buffer.addr, buffer.size, seed, 0);
    if (map_measured(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both))
      unmap_measured(&vfio, VFIO_IOVA, buffer.size, buffer.size);
    if (pattern_check(buffer.addr, buffer.size, seed, 0) >= 0) ktap_fail("the data changed");
    if (row->kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
    if (row->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  vfio_close(&vfio);
}

// The same pages at two places, half of them at a third: each has its own pins, and what is unmapped takes
// its own along.
static void mapped_thrice(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    const uint64_t second = VFIO_IOVA + buffer.size, third = second + buffer.size;
    if (map_measured(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both) &&
        map_measured(&vfio, buffer.addr, buffer.size, second, both) &&
        map_measured(&vfio, buffer.addr, buffer.size / 2, third, VFIO_DMA_MAP_FLAG_READ)) {
      unmap_measured(&vfio, second, buffer.size, buffer.size);
      // One call over the rest, and the hole.
      unmap_measured(&vfio, VFIO_IOVA, 3 * buffer.size, buffer.size + buffer.size / 2);
    }
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

static void refused(const struct vfio* vfio, uint64_t iova, size_t length, const char* what) {
  struct pins before;
  size_t done;
  if (!pins_begin(&before)) return;
  int error = vfio_unmap(vfio, iova, length, &done);
  if (error != EINVAL) ktap_fail("%s: %s, want EINVAL", what, error ? strerror(error) : "unmapped");
  pins_expect(&before, 0, 0);
}

static void part_refused(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    const size_t half = buffer.size / 2;
    if (map_measured(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both)) {
      refused(&vfio, VFIO_IOVA, half, "the first half");
      refused(&vfio, VFIO_IOVA + half, half, "the second half");
      refused(&vfio, VFIO_IOVA + half, 2 * half, "from the middle on");
      unmap_measured(&vfio, VFIO_IOVA, buffer.size, buffer.size);
      unmap_measured(&vfio, VFIO_IOVA, buffer.size, 0);
    }
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

static void unmap_all(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  struct pins before;
  size_t done;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    for (unsigned i = 0; i < 4; ++i)
      map_measured(&vfio, buffer.addr + i * 4 * page_bytes(), 4 * page_bytes(), VFIO_IOVA + i * 0x1000000ull,
                   both);
    if (!ktap_failed() && pins_begin(&before)) {
      int error = vfio_unmap_all(&vfio, &done);
      if (error) ktap_fail("VFIO_DMA_UNMAP_FLAG_ALL: %s", strerror(error));
      if (done != buffer.size) ktap_fail("%zu bytes unmapped, want %zu", done, buffer.size);
      pins_expect(&before, 0, pages);
    }
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

int main(void) {
  static const struct row base = {BUFFER_PAGES, 0}, memfd = {BUFFER_MEMFD, 0}, thp = {BUFFER_THP, 1};
  static const struct row hugetlb = {BUFFER_HUGETLB, 2}, large = {BUFFER_THP, 8};
  static const struct ktap_case cases[] = {
      {"pages", map_and_unmap, &base},
      {"memfd", map_and_unmap, &memfd},
      {"thp", map_and_unmap, &thp},
      {"hugetlb", map_and_unmap, &hugetlb},
      {"eight_huge_pages", map_and_unmap, &large},
      {"mapped_thrice", mapped_thrice, NULL},
      {"part_refused", part_refused, NULL},
      {"unmap_all", unmap_all, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
