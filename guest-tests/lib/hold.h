// SPDX-License-Identifier: GPL-2.0
// Memory held by a long-term pin while something is done to its mapping, and seen through that pin: what a
// device would read and write. Fixed buffers of io_uring do this on every kernel; a memfd stands for the
// device.
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

// Pins [addr, addr + length) and measures that. To be ended by hold_close() in any case.
bool hold_open(struct hold* hold, void* addr, size_t length);
// What the pinned pages hold at `offset`, whatever is mapped at their address by now; and the other
// direction.
bool hold_read(struct hold* hold, size_t offset, void* to, size_t length);
bool hold_write(struct hold* hold, size_t offset, const void* from, size_t length);
// Does [offset, offset + length) of the pinned pages hold the pattern `seed`? Fails the running case when
// not.
bool hold_check(struct hold* hold, size_t offset, size_t length, unsigned seed, const char* when);
// Gives the pages back and measures that nothing stays pinned.
void hold_close(struct hold* hold);
