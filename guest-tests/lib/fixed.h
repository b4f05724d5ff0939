// SPDX-License-Identifier: GPL-2.0
// A fixed buffer of io_uring, measured when registered and unregistered.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "pins.h"
#include "ring.h"

// Capability iou.coalesce: does io_uring keep one pin of a huge page instead of one for each of its pages?
// Probed once per program by registering half a transparent huge page. -1: the running case has been skipped
// or failed.
int caps_iou_coalesce(void);

// How many pins stay when [addr, addr + length) is registered, which lies in huge pages of `folio` bytes (0:
// base pages). -1: see caps_iou_coalesce().
long long fixed_held(const void* addr, size_t length, size_t folio);

struct fixed {
  struct ring ring;
  long long held;
  struct pins before;
  bool registered;
};

// Opens a ring and registers that one buffer on it, measured. Always call fixed_close().
bool fixed_open(struct fixed* fixed, void* addr, size_t length, size_t folio);
// Unregisters and measures: everything held is released.
void fixed_close(struct fixed* fixed);
