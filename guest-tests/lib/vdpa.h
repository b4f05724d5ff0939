// SPDX-License-Identifier: GPL-2.0
// A simulated vDPA network device in the hands of user space (drivers/vhost/vdpa.c), one that wants physical
// addresses (vdpa_sim.use_va=0): what is entered into its IOTLB is pinned long-term.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A fresh device's file; -1 after skipping or failing the running case. To be ended by vdpa_close() in any
// case.
int vdpa_open(void);
void vdpa_close(int fd);

// Enters memory into the IOTLB, for VHOST_ACCESS_*, and takes it out. 0, or the errno value: EFAULT whatever
// the driver refuses.
int vdpa_map(int fd, uint64_t iova, const void* addr, size_t length, uint8_t access);
int vdpa_unmap(int fd, uint64_t iova, size_t length);
