// SPDX-License-Identifier: GPL-2.0
// Reads from the drive that is unplugged while they are in flight. It answers a few requests a second. A
// guest that is asked to let a drive go waits for those that the drive has; what comes to it later fails.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "dm.h"

enum {
  gone_pages = 4,          // of a read
  gone_blocks = 48,        // that hold the pattern
  gone_answer_ms = 30000,  // longest wait for one
};

// Puts the pattern on DRIVE_GONE and opens it for direct reads. False: the running case has been skipped or
// failed.
bool gone_open(int* fd);
// The same bytes through a device-mapper device on it, which dm_suspend() makes hold what comes.
bool gone_gate(struct dm* gate, int* fd);
// Bytes of a read, and where block `number` begins: apart from each other, so that no two are merged into one
// request.
size_t gone_bytes(void);
off_t gone_offset(int number);

enum gone_end { GONE_DATA, GONE_ERROR, GONE_WRONG };
// What became of a read of block `number` to `at` that ended with `result` (bytes or -errno). GONE_WRONG,
// which fails the running case: short, or other data.
enum gone_end gone_judge(int number, const unsigned char* at, long result);
