// SPDX-License-Identifier: GPL-2.0
// Memory held by a long-term pin while its mapping changes, and accessed through that pin like a device
// would. Fixed buffers of io_uring do this on every kernel; a memfd plays the device.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "pins.h"
#include "ring.h"

struct hold {
  struct ring ring;
  int device;  // memfd
  unsigned char* addr;
  size_t length;
  bool registered;
  struct pins before;  // of the last measurement
};

// Pins [addr, addr + length) and measures that. Always call hold_close().
bool hold_open(struct hold* hold, void* addr, size_t length);
// Its three steps, for a race with the second, which is nothing but the system call that pins: 0 or -errno.
bool hold_prepare(struct hold* hold, void* addr, size_t length);
int hold_pin(struct hold* hold);
bool hold_measure(struct hold* hold);
// Reads the pinned pages at `offset`, independent of what is mapped at their address now; and the other
// direction.
bool hold_read(struct hold* hold, size_t offset, void* to, size_t length);
bool hold_write(struct hold* hold, size_t offset, const void* from, size_t length);
// Do the pinned pages contain the pattern `seed` in [offset, offset + length)? Fails the running case when
// not.
bool hold_check(struct hold* hold, size_t offset, size_t length, unsigned seed, const char* when);
// Unpins the pages and measures that nothing stays pinned.
void hold_close(struct hold* hold);
