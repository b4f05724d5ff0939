// SPDX-License-Identifier: GPL-2.0
// VHOST_IOTLB_UPDATE while allocations fail (drivers/vhost/vdpa.c, vhost_vdpa_pa_map()): nothing stays
// pinned, although the parts of the mapping that were entered before must be removed again.
#include <linux/vhost.h>

#include "map_fault.h"
#include "vdpa.h"
#include "vfio.h"

static int map(void* device, const void* addr, size_t length) {
  return vdpa_map(*(int*)device, VFIO_IOVA, addr, length, VHOST_ACCESS_RW);
}

static int unmap(void* device, size_t length) { return vdpa_unmap(*(int*)device, VFIO_IOVA, length); }

static void each_allocation(const void* arg) {
  (void)arg;
  int fd = vdpa_open();
  struct map_fault fault = {.map = map, .unmap = unmap, .device = &fd};
  if (fd >= 0) map_fault_run(&fault);
  vdpa_close(fd);
}

int main(void) {
  static const struct ktap_case cases[] = {{"each_allocation_fails", each_allocation, NULL}};
  return ktap_run(cases, 1);
}
