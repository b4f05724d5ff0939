// SPDX-License-Identifier: GPL-2.0
#include "vfio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"
#include "pins.h"

#define FUNCTIONS "/sys/bus/pci/devices"
enum { vendor_intel = 0x8086, device_e1000e = 0x10d3, class_nvme = 0x010802 };

static long attribute(const char* address, const char* name) {
  char path[128];
  long value = -1;
  snprintf(path, sizeof(path), FUNCTIONS "/%s/%s", address, name);
  FILE* file = fopen(path, "re");
  if (file && fscanf(file, "%li", &value) != 1) value = -1;
  if (file) fclose(file);
  return value;
}

static bool put(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return good;
}

static bool is_e1000e(const char* address) {
  return attribute(address, "vendor") == vendor_intel && attribute(address, "device") == device_e1000e;
}

static bool is_nvme(const char* address) { return attribute(address, "class") == class_nvme; }

static bool find(bool (*wanted)(const char* address), char* address, size_t size) {
  DIR* folder = opendir(FUNCTIONS);
  bool found = false;
  for (struct dirent* entry; folder && !found && (entry = readdir(folder));) {
    found = wanted(entry->d_name);
    if (found) snprintf(address, size, "%.20s", entry->d_name);
  }
  if (folder) closedir(folder);
  return found;
}

// Last part of what the link `name` of the function points to.
static bool link_of(const char* address, const char* name, char* out, size_t size) {
  char path[128], target[256];
  snprintf(path, sizeof(path), FUNCTIONS "/%s/%s", address, name);
  ssize_t length = readlink(path, target, sizeof(target) - 1);
  if (length < 0) return false;
  target[length] = '\0';
  snprintf(out, size, "%s", basename(target));
  return true;
}

static bool bind(const char* address) {
  char path[128], name[64];
  if (access("/sys/bus/pci/drivers/vfio-pci", F_OK) < 0) return ktap_skip("no vfio-pci (VFIO_PCI)");
  // A reset on every open and close takes 100 ms each (pcie_flr(), drivers/pci/pci.c); e1000e_start() resets
  // the device itself. Kernels before 5.15 have no such file.
  snprintf(path, sizeof(path), FUNCTIONS "/%s/reset_method", address);
  put(path, "\n");
  snprintf(path, sizeof(path), FUNCTIONS "/%s/driver_override", address);
  if (!put(path, "vfio-pci")) return ktap_fail("%s: %s", path, strerror(errno));
  // Where a device tree says which IOMMU a device is behind, probing a driver is what puts it there.
  const bool probed = put("/sys/bus/pci/drivers_probe", address);
  if (!link_of(address, "iommu_group", name, sizeof(name)))
    return ktap_skip("%s is not behind an IOMMU (INTEL_IOMMU, ARM_SMMU_V3)", address);
  if (!probed) return ktap_fail("probing %s: %s", address, strerror(errno));
  const bool bound = link_of(address, "driver", name, sizeof(name)) && strcmp(name, "vfio-pci") == 0;
  return bound || ktap_fail("vfio-pci does not accept %s", address);
}

bool vfio_bind(char* address, size_t size) {
  if (!find(is_e1000e, address, size)) return ktap_skip("the machine has no e1000e");
  return bind(address);
}

static bool open_group(int* fd, const char* address) {
  char group[32], path[64];
  struct vfio_group_status status = {.argsz = sizeof(status)};
  if (!link_of(address, "iommu_group", group, sizeof(group))) return ktap_fail("no group");
  snprintf(path, sizeof(path), "/dev/vfio/%s", group);
  *fd = open(path, O_RDWR | O_CLOEXEC);
  if (*fd < 0) return ktap_fail("%s: %s", path, strerror(errno));
  if (ioctl(*fd, VFIO_GROUP_GET_STATUS, &status) < 0 || !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
    return ktap_fail("the group is not viable");
  return true;
}

bool vfio_open(struct vfio* vfio) {
  char address[32];
  *vfio = (struct vfio){-1, -1, -1};
  if (!vfio_bind(address, sizeof(address))) return false;
  vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
  if (vfio->container < 0) return ktap_skip("/dev/vfio/vfio: %s (VFIO_CONTAINER)", strerror(errno));
  if (ioctl(vfio->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
    return ktap_skip("no type 1 IOMMU (VFIO_IOMMU_TYPE1)");
  if (!open_group(&vfio->group, address)) return false;
  if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container) < 0)
    return ktap_fail("VFIO_GROUP_SET_CONTAINER: %s", strerror(errno));
  if (ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
    return ktap_fail("VFIO_SET_IOMMU: %s", strerror(errno));
  vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, address);
  return vfio->device >= 0 || ktap_fail("VFIO_GROUP_GET_DEVICE_FD: %s", strerror(errno));
}

void vfio_close(struct vfio* vfio) {
  if (vfio->device >= 0) close(vfio->device);
  if (vfio->group >= 0) close(vfio->group);
  if (vfio->container >= 0) close(vfio->container);
  *vfio = (struct vfio){-1, -1, -1};
}

// What a driver is called in sysfs: the file `name` of the one that has the function.
static bool tell_driver(const char* address, const char* name) {
  char path[128];
  snprintf(path, sizeof(path), FUNCTIONS "/%s/driver/%s", address, name);
  return put(path, address);
}

bool vfio_second_open(struct vfio_second* second) {
  char group[32];
  second->group = -1;
  if (!find(is_nvme, second->address, sizeof(second->address)) ||
      !link_of(second->address, "iommu_group", group, sizeof(group))) {
    second->address[0] = '\0';
    return ktap_skip("the machine has no NVMe controller behind the IOMMU");
  }
  tell_driver(second->address, "unbind");
  return bind(second->address) && open_group(&second->group, second->address);
}

void vfio_second_close(struct vfio_second* second) {
  char path[128];
  if (second->group >= 0) close(second->group);
  second->group = -1;
  if (!second->address[0]) return;
  tell_driver(second->address, "unbind");
  snprintf(path, sizeof(path), FUNCTIONS "/%s/driver_override", second->address);
  if (!put(path, "\n") || !put("/sys/bus/pci/drivers_probe", second->address))
    ktap_fail("%s has no driver any more: %s", second->address, strerror(errno));
  second->address[0] = '\0';
}

int vfio_map(const struct vfio* vfio, const void* addr, size_t length, uint64_t iova, unsigned flags) {
  struct vfio_iommu_type1_dma_map map = {
      .argsz = sizeof(map), .flags = flags, .vaddr = (uintptr_t)addr, .iova = iova, .size = length};
  return ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &map) < 0 ? errno : 0;
}

static int unmap(const struct vfio* vfio, unsigned flags, uint64_t iova, size_t length, size_t* done) {
  struct vfio_iommu_type1_dma_unmap request = {
      .argsz = sizeof(request), .flags = flags, .iova = iova, .size = length};
  int error = ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &request) < 0 ? errno : 0;
  *done = error ? 0 : request.size;
  return error;
}

int vfio_unmap(const struct vfio* vfio, uint64_t iova, size_t length, size_t* done) {
  return unmap(vfio, 0, iova, length, done);
}

// Also of taking pages in batches.
static bool before_5_12(const struct vfio* vfio) {
  return ioctl(vfio->container, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL) <= 0;
}

bool vfio_expect_held(const struct vfio* vfio, struct pins* before, long long pages) {
  return before_5_12(vfio) ? pins_expect_at_least(before, pages, pages) : pins_expect_longterm(before, pages);
}

int vfio_unmap_all(const struct vfio* vfio, size_t* done) {
  // A range that has all mappings in it.
  if (before_5_12(vfio)) return unmap(vfio, 0, 0, (size_t)1 << 63, done);
  return unmap(vfio, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0, done);
}

int vfio_open_cdev(void) {
  char address[32], path[300];
  if (!vfio_bind(address, sizeof(address))) return -1;
  snprintf(path, sizeof(path), FUNCTIONS "/%s/vfio-dev", address);
  DIR* folder = opendir(path);
  path[0] = '\0';
  for (struct dirent* entry; folder && (entry = readdir(folder));)
    if (entry->d_name[0] != '.') snprintf(path, sizeof(path), "/dev/vfio/devices/%.60s", entry->d_name);
  if (folder) closedir(folder);
  int fd = path[0] ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) ktap_skip("no character device for the function (VFIO_DEVICE_CDEV)");
  return fd;
}
