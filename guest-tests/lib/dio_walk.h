// SPDX-License-Identifier: GPL-2.0
// Direct I/O in which the first, the second, ... allocation of its submission fails, until one attempt meets
// no failure any more: whatever was pinned by then is released, what the call says it moved was moved, and
// without a failure it is counted as ever.
#pragma once

#include "transfer.h"

// Reads and writes of 16 pages and of 300, and of 16 by AIO, as cases "read_16_pages", ..., added to `cases`
// after the `count` that are there already, which has room for six more. Gives the new count. For one target
// of a program.
size_t dio_walk_cases(struct ktap_case* cases, size_t count, const struct target* target);
