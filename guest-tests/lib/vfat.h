// SPDX-License-Identifier: GPL-2.0
// A small vfat file system on a loop device over a memfd: the legacy direct I/O path (fs/direct-io.c) in
// every guest, without a drive or mkfs.
#pragma once

#include <stdbool.h>

#include "loop.h"

struct vfat {
  struct loop loop;
  char target[32];
  bool mounted;
};

// Creates an empty FAT16 of 4 MiB in an empty file or device: the boot sector and both tables, everything
// else is zero.
bool vfat_format(int fd);

// Creates and mounts one. Skips the running case when the kernel has no loop devices or no vfat. Always call
// vfat_close().
bool vfat_open(struct vfat* vfat);
void vfat_close(struct vfat* vfat);
