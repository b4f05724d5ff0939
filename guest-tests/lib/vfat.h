// SPDX-License-Identifier: GPL-2.0
// A small vfat file system on a loop device over a memfd: the legacy direct I/O path (fs/direct-io.c) at hand in
// every guest, without a drive or mkfs.
#pragma once

#include <stdbool.h>

#include "loop.h"

struct vfat {
  struct loop loop;
  char target[32];
  bool mounted;
};

// Makes and mounts one. Skips the running case when the kernel has no loop devices or no vfat. To be ended by
// vfat_close() in any case.
bool vfat_open(struct vfat* vfat);
void vfat_close(struct vfat* vfat);
