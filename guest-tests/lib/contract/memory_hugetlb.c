// SPDX-License-Identifier: GPL-2.0
// Huge pages of other sizes than the default, from pools that begin empty.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "contract/memory_maker.h"
#include "ktap.h"

enum { small_huge = 64 << 10 };
enum { huge_shift = 26 };  // of the size in the flags of mmap()

// A pool's file, or -1 where this kernel has no such size.
static long pool(size_t huge, const char* name, long set) {
  char path[96];
  long value = -1;
  snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/%s", huge / 1024, name);
  FILE* file = fopen(path, set >= 0 ? "r+e" : "re");
  if (file && set >= 0) fprintf(file, "%ld", set);
  if (file && fflush(file) == 0) rewind(file);
  if (file && fscanf(file, "%ld", &value) != 1) value = -1;
  if (file) fclose(file);
  return value;
}

static bool from_pool(struct memory* memory, size_t size, size_t huge) {
  const size_t count = (size + huge - 1) / huge;
  const long free_pages = pool(huge, "free_hugepages", -1), all = pool(huge, "nr_hugepages", -1);
  memory->folio = huge;
  if (free_pages < 0) return ktap_skip("no huge pages of %zu kB in this kernel", huge / 1024);
  // fork() copies what is pinned: as many again of the size that it is asked of.
  const long wanted = (long)(huge > small_huge ? count : 2 * count);
  if (free_pages < wanted) memory->extra = (int)(pool(huge, "nr_hugepages", all + wanted) - all);
  if (free_pages + memory->extra < (long)count) {
    memory_compact();  // what is free may be in pieces
    memory->extra = (int)(pool(huge, "nr_hugepages", all + wanted) - all);
  }
  if (free_pages + memory->extra < (long)count)
    return ktap_skip("no room for %zu huge pages of %zu kB", count, huge / 1024);
  const int shift = __builtin_ctzl(huge);
  memory->size = memory->map_size = count * huge;
  memory->map = mmap(NULL, memory->size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | shift << huge_shift, -1, 0);
  memory->addr = memory->map;
  if (memory->map == MAP_FAILED) return ktap_fail("mmap of huge pages: %s", strerror(errno));
  for (size_t at = 0; at < memory->size; at += huge) memory->addr[at] = 0x5a;
  return true;
}

bool memory_make_hugetlb_64k(struct memory* memory, size_t size) {
  return from_pool(memory, size, small_huge);
}
bool memory_make_hugetlb_32m(struct memory* memory, size_t size) { return from_pool(memory, size, 32 << 20); }
bool memory_make_hugetlb_1g(struct memory* memory, size_t size) { return from_pool(memory, size, 1 << 30); }

void memory_end_hugetlb(const struct memory* memory) {
  if (memory->kind < MEMORY_HUGETLB_64K || memory->kind > MEMORY_HUGETLB_1G || memory->extra <= 0) return;
  const long all = pool(memory->folio, "nr_hugepages", -1);
  pool(memory->folio, "nr_hugepages", all - memory->extra);
}
