// SPDX-License-Identifier: GPL-2.0
// A shared mapping of the beginning of a file, by a huge page if the file has one there.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct file_map {
  unsigned char* addr;  // NULL: nothing is mapped
  size_t size;
  void* room;
  size_t room_size;
};

// Maps `size` bytes with `flags` (MAP_SHARED and so on) and writes to all of its pages, so that the page
// table allows it; their content stays. `huge`: `size` is that of a huge page, and the mapping begins at a
// multiple of it. Skips the running case when the file cannot be mapped like that, or when no huge page maps
// it. Call file_unmap() in any case.
bool file_map(struct file_map* map, int fd, size_t size, int flags, bool huge);
void file_unmap(struct file_map* map);
