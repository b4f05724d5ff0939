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

enum { chunk = 512 };

// `count` entries from `index` on, 8 bytes each; what could not be read is 0.
static void read_entries(int fd, uint64_t index, uint64_t* entries, size_t count) {
  const ssize_t got = pread(fd, entries, count * sizeof(*entries), (off_t)(index * sizeof(*entries)));
  const size_t good = got > 0 ? (size_t)got / sizeof(*entries) : 0;
  memset(entries + good, 0, (count - good) * sizeof(*entries));
}

static void read_file(const char* path, uint64_t index, uint64_t* entries, size_t count) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  memset(entries, 0, count * sizeof(*entries));
  if (fd < 0) return;
  read_entries(fd, index, entries, count);
  close(fd);
}

static void entries_of(const void* addr, uint64_t* entries, size_t count) {
  read_file("/proc/self/pagemap", (uintptr_t)addr / page_bytes(), entries, count);
}

static uint64_t frame_in(uint64_t entry) { return entry & present ? entry & frame : 0; }

uint64_t pagemap_pfn(const void* addr) {
  uint64_t entry;
  entries_of(addr, &entry, 1);
  return frame_in(entry);
}

bool pagemap_swapped(const void* addr) {
  uint64_t entry;
  entries_of(addr, &entry, 1);
  return (entry & swapped) != 0;
}

void pagemap_look(const void* addr, size_t count, uint64_t* pfns) {
  entries_of(addr, pfns, count);
  for (size_t i = 0; i < count; ++i) pfns[i] = frame_in(pfns[i]);
}

bool pagemap_pfns(const void* addr, size_t length, uint64_t* pfns) {
  const size_t count = length / page_bytes();
  pagemap_look(addr, count, pfns);
  for (size_t i = 0; i < count; ++i) {
    if (pfns[i] == 0) return ktap_fail("/proc/self/pagemap has no frame for page %zu of %zu", i, count);
  }
  return true;
}

size_t pagemap_moved(const void* addr, size_t length, const uint64_t* pfns) {
  const size_t count = length / page_bytes();
  uint64_t now[chunk];
  size_t moved = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i % chunk == 0)
      pagemap_look((const unsigned char*)addr + i * page_bytes(), count - i < chunk ? count - i : chunk, now);
    moved += now[i % chunk] != pfns[i];
  }
  return moved;
}

uint64_t pagemap_flags(uint64_t pfn) {
  uint64_t flags;
  read_file("/proc/kpageflags", pfn, &flags, 1);
  return flags;
}

size_t pagemap_folio(uint64_t pfn, uint64_t* first) {
  const uint64_t head = 1ull << 15, tail = 1ull << 16;
  uint64_t flags[chunk];
  *first = pfn;
  const int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 1;
  read_entries(fd, pfn, flags, 1);
  if (!(flags[0] & (head | tail))) {
    close(fd);
    return 1;
  }
  while (flags[0] & tail) {
    const uint64_t step = *first < chunk ? *first : chunk;
    read_entries(fd, *first - step, flags, step);
    size_t i = step;
    while (i > 0 && (flags[i - 1] & tail)) --i;
    // The one before the first tail page is the head.
    *first -= step - i + (i > 0);
    if (i > 0 || *first == 0) break;
    flags[0] = tail;
  }
  uint64_t end = *first + 1;
  for (size_t i = chunk; i == chunk;) {
    read_entries(fd, end, flags, chunk);
    for (i = 0; i < chunk && (flags[i] & tail); ++i) ++end;
  }
  close(fd);
  return end - *first;
}

struct zones {
  size_t count;
  struct {
    uint64_t start, end;
  } zone[16];
};

// The Movable zones that have memory.
static struct zones movable_zones(void) {
  struct zones found = {0};
  FILE* file = fopen("/proc/zoneinfo", "re");
  if (!file) return found;
  char line[200];
  bool inside = false;
  unsigned long long spanned = 0, is_present = 0, start = 0;
  while (found.count < sizeof(found.zone) / sizeof(found.zone[0]) && fgets(line, sizeof(line), file)) {
    if (strncmp(line, "Node", 4) == 0) inside = strstr(line, "Movable") != NULL;
    if (!inside) continue;
    sscanf(line, " spanned %llu", &spanned);
    sscanf(line, " present %llu", &is_present);
    // The last line of a zone that has pages (mm/vmstat.c, zoneinfo_show_print).
    if (sscanf(line, " start_pfn: %llu", &start) != 1 || is_present == 0) continue;
    found.zone[found.count].start = start;
    found.zone[found.count++].end = start + spanned;
  }
  fclose(file);
  return found;
}

size_t pagemap_in_movable(const uint64_t* pfns, size_t count) {
  const struct zones zones = movable_zones();
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    for (size_t z = 0; z < zones.count; ++z)
      found += pfns[i] >= zones.zone[z].start && pfns[i] < zones.zone[z].end;
  }
  return found;
}

bool pagemap_movable_zone(uint64_t pfn) { return pagemap_in_movable(&pfn, 1) > 0; }

bool pagemap_have_movable_zone(void) { return movable_zones().count > 0; }
