// SPDX-License-Identifier: GPL-2.0
// A drive that keeps reads for as long as a test wants: a loop device on a suspended device-mapper device.
#pragma once

#include <stdbool.h>

#include "loop.h"
#include "place.h"

struct held_device {
  int fd;  // opened for direct reads
  struct place place;
  struct loop loop;
};

// Opens one whose bytes are all `fill`. Skips the running case when the machine or the kernel lacks what it
// needs; there is nothing to close then.
bool held_device_open(struct held_device* drive, unsigned char fill);
void held_device_close(struct held_device* drive);

// Between the two reads start and do not end.
bool held_device_hold(struct held_device* drive);
bool held_device_release(struct held_device* drive);

// How many reads the drive has at this moment, as the block layer counts; -1: not known.
int held_device_reads(const struct held_device* drive);
// Waits until it has that many. Fails the running case when they do not come.
bool held_device_await(const struct held_device* drive, int reads);
