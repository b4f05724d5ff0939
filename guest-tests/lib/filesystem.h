// SPDX-License-Identifier: GPL-2.0
// A file system of the test's own: made by its real tool on a drive that nobody else uses, mounted, and gone
// with the test.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Serial number of the drive that is made again by every test that asks for a file system.
#define DRIVE_FS "pin-fs"

struct filesystem {
  const char* type;  // as mount(2) calls it
  char device[300];  // empty: it needs none
  char target[64];   // where it is mounted
  bool mounted;
};

// Makes the one called `name` (ext4, ext2, xfs, btrfs, btrfs_nodatasum, f2fs, vfat, exfat, udf, ntfs3, tmpfs)
// and mounts it. Skips the running case when the kernel does not have it or PATH not the tool. To be ended by
// filesystem_close() in any case.
bool filesystem_open(struct filesystem* fs, const char* name);
void filesystem_close(struct filesystem* fs);

// mount(2) of something else at `fs->target`, with the same reports. `device` may be what the type
// understands.
bool filesystem_mount(struct filesystem* fs, const char* type, const char* device, const char* options);

// Makes `file` on `fs` with `size` written bytes of zero, on the medium. The path is written into `path`.
bool filesystem_file(const struct filesystem* fs, const char* file, size_t size, char* path, size_t room);

// Forgets what the page cache holds of the file, so that the next buffered read comes from the medium.
bool filesystem_drop_cache(int fd);
