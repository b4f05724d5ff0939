// SPDX-License-Identifier: GPL-2.0
// Direct I/O on the raw drive of the default machine, for tests that are not about shapes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "transfer.h"

// DRIVE_RAW, from 8 MiB on.
extern const struct target drive_raw;

// What a transfer that touches `pages` pages adds to both counters when direct I/O on a raw drive pins; 0
// when it takes plain references. -1: it could not be probed and the running case has been skipped or
// failed.
long long drive_pages(long long pages);

// Mask that memory has to be aligned by for direct I/O on the block device at `path`, -1 = not known.
long drive_dma_alignment(const char* path);
