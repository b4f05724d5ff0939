// SPDX-License-Identifier: GPL-2.0
// A simulated vDPA network device driven from user space (drivers/vhost/vdpa.c), with physical addresses
// (vdpa_sim.use_va=0): what is entered into its IOTLB is pinned long-term.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Opens a new device; -1 after skipping or failing the running case. Always call vdpa_close().
int vdpa_open(void);
void vdpa_close(int fd);

// Adds memory to the IOTLB, for VHOST_ACCESS_*, and removes it. 0, or the errno value: EFAULT for anything
// that the driver refuses.
int vdpa_map(int fd, uint64_t iova, const void* addr, size_t length, uint8_t access);
int vdpa_unmap(int fd, uint64_t iova, size_t length);
