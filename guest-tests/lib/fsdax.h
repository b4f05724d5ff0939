// SPDX-License-Identifier: GPL-2.0
// A file system with dax=always on persistent memory (/dev/pmem0): its file mappings show the medium itself.
#pragma once

#include <stdbool.h>

#define FSDAX_FOLDER "/mnt/dax"

#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif

// An empty file system at FSDAX_FOLDER: xfs, by its mkfs, or an ext2 of 4 MiB that the ext4 driver mounts.
// Skips the running case where the machine or the kernel lacks it. Call fsdax_unmount() in any case.
bool fsdax_mount_xfs(void);
bool fsdax_mount_ext4(void);
void fsdax_unmount(void);
