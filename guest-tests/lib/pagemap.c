// SPDX-License-Identifier: GPL-2.0
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"

static const uint64_t present = 1ull << 63, swapped = 1ull << 62, frame = (1ull << 55) - 1;

static bool read_entry(const char* path, uint64_t index, uint64_t* entry) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool good = pread(fd, entry, sizeof(*entry), (off_t)(index * sizeof(*entry))) == (ssize_t)sizeof(*entry);
  close(fd);
  return good;
}

static uint64_t entry_of(const void* addr) {
  uint64_t entry = 0;
  return read_entry("/proc/self/pagemap", (uintptr_t)addr / page_bytes(), &entry) ? entry : 0;
}

uint64_t pagemap_pfn(const void* addr) {
  uint64_t entry = entry_of(addr);
  return entry & present ? entry & frame : 0;
}

bool pagemap_swapped(const void* addr) { return (entry_of(addr) & swapped) != 0; }

bool pagemap_pfns(const void* addr, size_t length, uint64_t* pfns) {
  for (size_t i = 0; i < length / page_bytes(); ++i) {
    pfns[i] = pagemap_pfn((const unsigned char*)addr + i * page_bytes());
    if (pfns[i] == 0)
      return ktap_fail("/proc/self/pagemap has no frame for page %zu of %zu", i, length / page_bytes());
  }
  return true;
}

size_t pagemap_moved(const void* addr, size_t length, const uint64_t* pfns) {
  size_t moved = 0;
  for (size_t i = 0; i < length / page_bytes(); ++i)
    moved += pagemap_pfn((const unsigned char*)addr + i * page_bytes()) != pfns[i];
  return moved;
}

uint64_t pagemap_flags(uint64_t pfn) {
  uint64_t flags = 0;
  return read_entry("/proc/kpageflags", pfn, &flags) ? flags : 0;
}

// Calls it a hit when a Movable zone with memory spans `pfn`; ~0 stands for any.
static bool movable(uint64_t pfn) {
  FILE* file = fopen("/proc/zoneinfo", "re");
  if (!file) return false;
  char line[200];
  bool inside = false, found = false;
  unsigned long long spanned = 0, is_present = 0, start = 0;
  while (!found && fgets(line, sizeof(line), file)) {
    if (strncmp(line, "Node", 4) == 0) inside = strstr(line, "Movable") != NULL;
    if (!inside) continue;
    sscanf(line, " spanned %llu", &spanned);
    sscanf(line, " present %llu", &is_present);
    // The last line of a zone that has pages (mm/vmstat.c, zoneinfo_show_print).
    if (sscanf(line, " start_pfn: %llu", &start) == 1 && is_present > 0)
      found = pfn == ~0ull || (pfn >= start && pfn < start + spanned);
  }
  fclose(file);
  return found;
}

bool pagemap_movable_zone(uint64_t pfn) { return movable(pfn); }

size_t pagemap_in_movable(const uint64_t* pfns, size_t count) {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) found += movable(pfns[i]);
  return found;
}

bool pagemap_have_movable_zone(void) { return movable(~0ull); }
