// SPDX-License-Identifier: GPL-2.0
// VFIO_IOMMU_MAP_DMA while allocations fail: nothing stays pinned, although the IOMMU may have part of the
// mapping by then.
#include <linux/vfio.h>

#include "map_fault.h"
#include "vfio.h"

// Each mapping has page tables of the IOMMU to allocate, after the pages are pinned.
enum { apart = 1 << 30 };
static uint64_t iova = VFIO_IOVA;

static int map(void* device, const void* addr, size_t length) {
  iova += apart;
  return vfio_map(device, addr, length, iova, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

static int unmap(void* device, size_t length) {
  size_t done;
  return vfio_unmap(device, iova, length, &done);
}

static void each_allocation(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct map_fault fault = {.map = map, .unmap = unmap, .device = &vfio};
  if (vfio_open(&vfio)) map_fault_run(&fault);
  vfio_close(&vfio);
}

int main(void) {
  static const struct ktap_case cases[] = {{"each_allocation_fails", each_allocation, NULL}};
  return ktap_run(cases, 1);
}
