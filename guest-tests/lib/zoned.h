// SPDX-License-Identifier: GPL-2.0
// Zoned block devices, and the file system that shows each zone as a file.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "null_blk.h"

// Serial number of the drive with a zoned namespace.
#define DRIVE_ZONED "pin-zoned"

struct zoned {
  char path[300];
  struct null_blk null_blk;
  unsigned long long zone_bytes;
  unsigned block_bytes;  // a logical block
  unsigned zones;
};

// A zoned null_blk with 16 zones of 8 MiB in memory; or the drive DRIVE_ZONED. Skip the running case if there
// is none. Always call zoned_close().
bool zoned_null_blk(struct zoned* zoned);
bool zoned_nvme(struct zoned* zoned);
void zoned_close(struct zoned* zoned);

// Resets a zone; the bytes written to it, -1 with the running case failed.
bool zone_reset(const struct zoned* zoned, unsigned zone);
long long zone_written(const struct zoned* zoned, unsigned zone);

// Resets the drive, writes a zonefs super block into zone 0 and mounts it at `target`, which is created. The
// other zones are the files TARGET/seq/0 and so on. Skips the running case when the kernel has no zonefs.
bool zonefs_mount(const struct zoned* zoned, const char* target);
