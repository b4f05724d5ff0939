// SPDX-License-Identifier: GPL-2.0
// A block device in memory (drivers/block/null_blk) that a test makes for itself.
#pragma once

#include <stdbool.h>

struct null_blk {
  char path[300];
  bool made;
};

// An attribute of its folder in configfs.
struct null_blk_setting {
  const char *attribute, *value;
};

// Makes one and turns it on; the settings end with an attribute that is NULL. There is one at a time. Skips
// the running case if the kernel has no null_blk. Always call null_blk_remove().
bool null_blk_make(struct null_blk* device, const struct null_blk_setting* settings);
void null_blk_remove(struct null_blk* device);
