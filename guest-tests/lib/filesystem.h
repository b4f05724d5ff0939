// SPDX-License-Identifier: GPL-2.0
// A private file system: created with its real tool on a drive that no other test uses, mounted, and removed
// with the test.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Serial number of the drive that every test that needs a file system reformats.
#define DRIVE_FS "pin-fs"

struct filesystem {
  const char* type;  // its name for mount(2)
  char device[300];  // empty: it needs none
  char target[64];   // where it is mounted
  bool mounted;
};

// Creates the file system `name` (ext4, ext2, xfs, btrfs, btrfs_nodatasum, f2fs, vfat, exfat, udf, ntfs3,
// tmpfs) and mounts it. Skips the running case when the kernel lacks it or PATH has no tool. Always call
// filesystem_close().
bool filesystem_open(struct filesystem* fs, const char* name);
void filesystem_close(struct filesystem* fs);

// mount(2) of something else at `fs->target`, with the same reports. `device` may be anything that the type
// accepts.
bool filesystem_mount(struct filesystem* fs, const char* type, const char* device, const char* options);

// Creates `file` on `fs` with `size` zero bytes, written to the drive. The path is written into `path`.
bool filesystem_file(const struct filesystem* fs, const char* file, size_t size, char* path, size_t room);

// Drops the page cache of the file, so that the next buffered read comes from the drive.
bool filesystem_drop_cache(int fd);
