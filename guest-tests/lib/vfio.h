// SPDX-License-Identifier: GPL-2.0
// A PCI function driven from user space: the e1000e behind the machine's emulated IOMMU (needs.devices:
// [iommu]), bound to vfio-pci. Memory mapped for it is pinned long-term until it is unmapped.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Outside the interrupt ranges of both machines' IOMMUs, and in reach of iommufd's mock domain.
#define VFIO_IOVA 0x20000000ull

struct vfio {
  int container, group, device;  // files, -1 when not open
};

// Binds the function to vfio-pci, and returns its address ("0000:00:02.0"). Skips the running case when the
// machine or the kernel lacks it.
bool vfio_bind(char* address, size_t size);

// Opens the container with the type 1 IOMMU (version 2), group and device. Always call vfio_close().
bool vfio_open(struct vfio* vfio);
void vfio_close(struct vfio* vfio);

// A function of another IOMMU group: the NVMe controller, which its driver has for the rest of the time.
struct vfio_second {
  char address[32];
  int group;  // file, -1 when not open
};
// Takes it from its driver; it is in no container yet. Skips the running case when the machine has none.
// Always call vfio_second_close().
bool vfio_second_open(struct vfio_second* second);
void vfio_second_close(struct vfio_second* second);

// VFIO_DMA_MAP_FLAG_READ and _WRITE, from the device's view. 0, or the errno value.
int vfio_map(const struct vfio* vfio, const void* addr, size_t length, uint64_t iova, unsigned flags);
// 0, or the errno value. *done: how many bytes the kernel says it unmapped.
int vfio_unmap(const struct vfio* vfio, uint64_t iova, size_t length, size_t* done);
// What was mapped since `before` holds `pages` pages, and was taken once. Kernels before 5.12 take page by
// page, and the first one of each new run of frames twice. Claims it.
struct pins;
bool vfio_expect_held(const struct vfio* vfio, struct pins* before, long long pages);
// Everything at once.
int vfio_unmap_all(const struct vfio* vfio, size_t* done);

// Character device of the function under /dev/vfio/devices, for iommufd. Skips the running case where the
// kernel has none; -1 then.
int vfio_open_cdev(void);
