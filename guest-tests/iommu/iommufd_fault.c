// SPDX-License-Identifier: GPL-2.0
// Mapping memory into an address space with an attached device, and pinning it for a driver, while
// allocations fail: nothing stays pinned.
#include <unistd.h>

#include "iommufd.h"
#include "map_fault.h"
#include "vfio.h"

enum { batch_bytes = 96, usual_bytes = 65536 };

struct device {
  int fd, access;
  uint32_t space, pinned;
};

static int map(void* device, const void* addr, size_t length) {
  const struct device* d = device;
  return iommufd_map(d->fd, d->space, addr, length, VFIO_IOVA, IOMMUFD_RW);
}

static int unmap(void* device, size_t length) {
  const struct device* d = device;
  uint64_t done;
  return iommufd_unmap(d->fd, d->space, VFIO_IOVA, length, &done);
}

// `arg`, unless NULL: room for a few pages at a time, so that a fault meets pages of which a part has gone
// on.
static void map_attached(const void* arg) {
  struct device device = {.fd = iommufd_open()};
  struct map_fault fault = {.map = map, .unmap = unmap, .device = &device};
  uint32_t domain;
  if (device.fd < 0) return;
  device.space = iommufd_space(device.fd);
  if (device.space && iommufd_mock_device(device.fd, device.space, &domain) &&
      (!arg || iommufd_limit_memory(device.fd, batch_bytes)))
    map_fault_run(&fault);
  if (arg) iommufd_limit_memory(device.fd, usual_bytes);
  close(device.fd);
}

// Two domains: what went into the first one before the fault is undone, too.
static void map_attached_twice(const void* arg) {
  (void)arg;
  struct device device = {.fd = iommufd_open()};
  struct map_fault fault = {.map = map, .unmap = unmap, .device = &device};
  uint32_t domain;
  if (device.fd < 0) return;
  device.space = iommufd_space(device.fd);
  if (device.space && iommufd_mock_device(device.fd, device.space, &domain) &&
      iommufd_dirty_domain(device.fd, device.space) && iommufd_limit_memory(device.fd, batch_bytes))
    map_fault_run(&fault);
  iommufd_limit_memory(device.fd, usual_bytes);
  close(device.fd);
}

// Mapped once, before any fault: it is the driver's pinning that fails.
static int pin(void* device, const void* addr, size_t length) {
  struct device* d = device;
  return iommufd_access_pin(d->fd, d->access, VFIO_IOVA, addr, length, true, &d->pinned);
}

static int unpin(void* device, size_t length) {
  const struct device* d = device;
  (void)length;
  return iommufd_access_unpin(d->fd, d->access, d->pinned);
}

static void pin_mapped(const void* arg) {
  struct device device = {.fd = iommufd_open(), .access = -1};
  struct map_fault fault = {.map = pin, .unmap = unpin, .device = &device, .prepare = map, .clean = unmap};
  if (device.fd < 0) return;
  device.space = iommufd_space(device.fd);
  device.access = device.space ? iommufd_access(device.fd, device.space) : -1;
  if (device.access >= 0 && (!arg || iommufd_limit_memory(device.fd, batch_bytes))) map_fault_run(&fault);
  if (arg) iommufd_limit_memory(device.fd, usual_bytes);
  if (device.access >= 0) close(device.access);
  close(device.fd);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"map_attached", map_attached, NULL},
      {"pin_mapped", pin_mapped, NULL},
      {"map_attached_in_batches", map_attached, "batches"},
      {"map_attached_twice", map_attached_twice, NULL},
      {"pin_mapped_in_batches", pin_mapped, "batches"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
