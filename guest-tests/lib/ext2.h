// SPDX-License-Identifier: GPL-2.0
// A small ext2 file system, which the ext4 driver mounts too (direct I/O by iomap), without mkfs.
#pragma once

#include <stdbool.h>

// Creates an empty ext2 of 4 MiB with 1 KiB blocks in an empty file or device, whose contents must be zero.
bool ext2_format(int fd);
// The same with blocks of 1024, 2048 or 4096 bytes.
bool ext2_format_blocks(int fd, unsigned block);
