// SPDX-License-Identifier: GPL-2.0
// Reads from the drive that is unplugged while they are in flight. It is throttled to a few requests per
// second. On unplug the guest waits for the requests in the drive; later ones fail.
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

// Writes the pattern to DRIVE_REMOVABLE and opens it for direct reads. False: the running case has been
// skipped or failed.
bool hotunplug_open(int* fd);
// The same bytes through a device-mapper device on it, which holds requests while suspended with
// dm_suspend().
bool hotunplug_gate(struct dm* gate, int* fd);
// Bytes of a read, and the offset of block `number`: with gaps, so that no two are merged into one request.
size_t hotunplug_bytes(void);
off_t hotunplug_offset(int number);

enum hotunplug_end { HOTUNPLUG_DATA, HOTUNPLUG_ERROR, HOTUNPLUG_WRONG };
// The outcome of a read of block `number` to `at` that ended with `result` (bytes or -errno).
// HOTUNPLUG_WRONG, which fails the running case: short, or other data.
enum hotunplug_end hotunplug_judge(int number, const unsigned char* at, long result);
