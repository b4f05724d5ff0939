// SPDX-License-Identifier: GPL-2.0
// A drive that holds reads as long as a test needs: a loop device on a suspended device-mapper device.
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

// Between the two, reads start but do not complete.
bool held_device_hold(struct held_device* drive);
bool held_device_release(struct held_device* drive);

// The reads in flight on the drive, as counted by the block layer; -1: unknown.
int held_device_reads(const struct held_device* drive);
// Waits for that many reads. Fails the running case on timeout.
bool held_device_await(const struct held_device* drive, int reads);
