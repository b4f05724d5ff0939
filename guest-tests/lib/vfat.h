// SPDX-License-Identifier: GPL-2.0
// A small vfat file system on a loop device over a memfd: the legacy direct I/O path (fs/direct-io.c) at hand
// in every guest, without a drive or mkfs.
#pragma once

#include <stdbool.h>

#include "loop.h"

struct vfat {
  struct loop loop;
  char target[32];
  bool mounted;
};

// Makes an empty file or device hold an empty FAT16 of 4 MiB: the boot sector and both tables, all else is
// zero.
bool vfat_format(int fd);

// Makes and mounts one. Skips the running case when the kernel has no loop devices or no vfat. To be ended by
// vfat_close() in any case.
bool vfat_open(struct vfat* vfat);
void vfat_close(struct vfat* vfat);
