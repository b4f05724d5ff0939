// SPDX-License-Identifier: GPL-2.0
// The e1000e of lib/vfio.h as a DMA engine: a frame that it sends to itself is read from one mapping and
// written to another, by DMA through the IOMMU.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffers.h"
#include "vfio.h"

struct e1000e {
  volatile uint32_t* registers;
  size_t length;
  struct buffer rings;  // one page: descriptors
};

// Sets the device up with its descriptors mapped at `iova`. Always call e1000e_stop().
bool e1000e_start(struct e1000e* nic, const struct vfio* vfio, uint64_t iova);
void e1000e_stop(struct e1000e* nic);

// Copies `length` bytes (60 to 1500, a frame) from the device address `from` to `to`, where 2 KiB are
// needed. False when the frame does not arrive within a second; nothing is reported.
bool e1000e_copy(struct e1000e* nic, uint64_t iova, uint64_t from, uint64_t to, size_t length);
