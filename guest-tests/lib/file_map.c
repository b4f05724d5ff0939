// SPDX-License-Identifier: GPL-2.0
#include "file_map.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "buffers.h"
#include "ktap.h"

// A fault that brings in a huge page is one.
enum { few_faults = 10 };

static long faults(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt : 0;
}

static bool touch(const struct file_map* map, bool huge) {
  const long before = faults();
  for (size_t at = 0; at < map->size; at += page_bytes()) {
    volatile unsigned char* byte = map->addr + at;
    *byte = *byte;
  }
  const long taken = faults() - before;
  return !huge || taken < few_faults || ktap_skip("no huge page maps the file: it took %ld faults", taken);
}

bool file_map(struct file_map* map, int fd, size_t size, int flags, bool huge) {
  const size_t align = huge ? size : page_bytes();
  *map = (struct file_map){.size = size, .room_size = size + align};
  void* room = mmap(NULL, map->room_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  map->room = room;
  void* start = (void*)(((uintptr_t)room + align - 1) / align * align);
  void* addr = mmap(start, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
  if (addr == MAP_FAILED) return ktap_skip("mapping the file: %s", strerror(errno));
  map->addr = addr;
  return touch(map, huge);
}

void file_unmap(struct file_map* map) {
  if (map->room) munmap(map->room, map->room_size);
  *map = (struct file_map){0};
}
