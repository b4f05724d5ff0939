// SPDX-License-Identifier: GPL-2.0
// Reads into a fixed buffer that the throttled drive delays before the transfer.
#pragma once

#include <stdbool.h>

#include "buffers.h"
#include "ring.h"

enum { slow_reads = 4, slow_bytes = 512, slow_fresh = 0xc3, slow_stale = 0x11, slow_answer_ms = 20000 };

// Opens DRIVE_SLOW for direct I/O with slow_fresh as its data, claims what that pins, and fills `buffer` with
// slow_stale. -1: the running case has been skipped or failed.
int slow_open(struct buffer* buffer);
// Queues slow_reads reads of slow_bytes from `fd`, which may be another drive's, to the first pages of
// `buffer`, which is fixed buffer 0 of the ring.
bool slow_queue(struct ring* ring, int fd, const struct buffer* buffer);
