// SPDX-License-Identifier: GPL-2.0
// What tests of transfers that the kernel cuts up have in common: they go to DRIVE_RAW, in pieces of a size
// that is known.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "transfer.h"

struct split {
  const struct target* target;
  size_t (*piece)(void);  // bytes that a part has at most
};

// Path of a file of DRIVE_RAW's in /sys/class/block.
bool split_attribute(const char* attribute, char path[PATH_MAX]);
// A case, of a struct split: that there is something to test, one transfer becomes many requests.
void split_becomes_many(const void* split);
// May a transfer of that shape be cut?
bool split_wanted(const struct shape* shape);
