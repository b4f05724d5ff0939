// SPDX-License-Identifier: GPL-2.0
// A device-mapper device composed of pieces of another one.
#pragma once

#include <stdbool.h>

struct dm {
  char name[32];
  char path[32];  // /dev/dm-N
  bool made;
};

// Makes `name` out of `pieces` pieces of `piece_sectors` sectors each of the device at `path`, from sector
// `first` of it on, the last piece first. Bios that cross from one piece to the next are split there. Skips
// the running case when the kernel has no device mapper. Always call dm_close().
bool dm_open_reversed(struct dm* dm, const char* name, const char* path, unsigned long long first,
                      unsigned pieces, unsigned piece_sectors);
void dm_close(struct dm* dm);

// Between the two every bio to the device waits: its memory is pinned, no data is transferred. Writeback
// waits as well. Both fail the running case on errors.
bool dm_suspend(struct dm* dm);
bool dm_resume(struct dm* dm);
