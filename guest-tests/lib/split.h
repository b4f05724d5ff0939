// SPDX-License-Identifier: GPL-2.0
// Common parts of the tests of split transfers: to DRIVE_RAW, in parts of a known size.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "transfer.h"

struct split {
  const struct target* target;
  size_t (*piece)(void);  // maximum bytes of a part
};

// Path of a file of DRIVE_RAW's in /sys/class/block.
bool split_attribute(const char* attribute, char path[PATH_MAX]);
// A case, for a struct split: checks that one transfer becomes many requests.
void split_becomes_many(const void* split);
// Can a transfer of that shape be split?
bool split_wanted(const struct shape* shape);
