// SPDX-License-Identifier: GPL-2.0
// Reads from the drive that is unplugged while they are in flight. It answers a few requests a second. A
// guest that is asked to let a drive go waits for those that the drive has; what comes to it later fails.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "dm.h"

enum {
  hotunplug_pages = 4,          // of a read
  hotunplug_blocks = 48,        // that hold the pattern
  hotunplug_answer_ms = 30000,  // longest wait for one
};

// Puts the pattern on DRIVE_REMOVABLE and opens it for direct reads. False: the running case has been skipped
// or failed.
bool hotunplug_open(int* fd);
// The same bytes through a device-mapper device on it, which dm_suspend() makes hold what comes.
bool hotunplug_gate(struct dm* gate, int* fd);
// Bytes of a read, and where block `number` begins: apart from each other, so that no two are merged into one
// request.
size_t hotunplug_bytes(void);
off_t hotunplug_offset(int number);

enum hotunplug_end { HOTUNPLUG_DATA, HOTUNPLUG_ERROR, HOTUNPLUG_WRONG };
// What became of a read of block `number` to `at` that ended with `result` (bytes or -errno).
// HOTUNPLUG_WRONG, which fails the running case: short, or other data.
enum hotunplug_end hotunplug_judge(int number, const unsigned char* at, long result);
