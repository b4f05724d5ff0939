// SPDX-License-Identifier: GPL-2.0
// A drive that keeps reads for as long as a test wants: a loop device on a suspended device-mapper device.
#pragma once

#include <stdbool.h>

#include "loop.h"
#include "place.h"

struct stalled {
  int fd;  // opened for direct reads
  struct place place;
  struct loop loop;
};

// Opens one whose bytes are all `fill`. Skips the running case when the machine or the kernel lacks what it
// needs; there is nothing to close then.
bool stalled_open(struct stalled* drive, unsigned char fill);
void stalled_close(struct stalled* drive);

// Between the two reads start and do not end.
bool stalled_hold(struct stalled* drive);
bool stalled_release(struct stalled* drive);

// How many reads the drive has at this moment, as the block layer counts; -1: not known.
int stalled_reads(const struct stalled* drive);
// Waits until it has that many. Fails the running case when they do not come.
bool stalled_await(const struct stalled* drive, int reads);
