// SPDX-License-Identifier: GPL-2.0
// A small ext2 file system, which the ext4 driver mounts too (direct I/O by iomap), without mkfs.
#pragma once

#include <stdbool.h>

// Makes an empty file or device hold an empty ext2 of 4 MiB with 1 KiB blocks; what is there already has to
// be zero.
bool ext2_format(int fd);
