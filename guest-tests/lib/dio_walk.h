// SPDX-License-Identifier: GPL-2.0
// Direct I/O in which the first, the second, ... allocation of its submission fails, until an attempt meets
// no failure: what was pinned by then is unpinned, the bytes reported as transferred were transferred, and
// without a failure the counts are as usual.
#pragma once

#include "transfer.h"

// Reads and writes of 16 pages and of 300, and of 16 by AIO, as cases "read_16_pages", ..., appended to the
// `count` entries of `cases`, which has room for six more. Returns the new count. For one target of a
// program.
size_t dio_walk_cases(struct ktap_case* cases, size_t count, const struct target* target);
