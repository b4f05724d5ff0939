// SPDX-License-Identifier: GPL-2.0
// Memory across the boundaries of page tables: GUP-fast (mm/gup.c, gup_fast_pgd_range() and below) goes
// through a table of each level, and the pages come in the order of their addresses wherever it goes on.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/gup_user.h"
#include "ktap.h"
#include "pins.h"

enum { seed = 103, edge_pages = 16 };
static unsigned char copy[5 << 20];

struct range {
  bool huge;
  int (*take)(enum way way, void* addr, size_t length);
};

// A multiple of 1 GiB with room around it, in which nothing is mapped.
static unsigned char* reserve(size_t before, size_t after) {
  const size_t gib = 1ul << 30;
  void* room = mmap(NULL, 2 * gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return NULL;
  unsigned char* boundary = (unsigned char*)(((uintptr_t)room + before + gib - 1) / gib * gib);
  munmap(room, (size_t)(boundary - before - (unsigned char*)room));
  unsigned char* end = (unsigned char*)room + 2 * gib;
  munmap(boundary + after, (size_t)(end - boundary - after));
  return boundary;
}

// The end of a table of page table entries, two whole ones, and the beginning of one that another page middle
// directory points to.
static void across(const void* arg) {
  const struct range* range = arg;
  const size_t edge = edge_pages * page_bytes(), table = thp_usable();
  struct pins before;
  if (table == 0) return;
  const size_t length = edge + 2 * table + edge;
  unsigned char* boundary = reserve(3 * table, table);
  KTAP_REQUIRE(boundary, "mmap: %s", strerror(errno));
  unsigned char* start = boundary - 3 * table;
  mprotect(start, 4 * table, PROT_READ | PROT_WRITE);
  madvise(start, 4 * table, range->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  unsigned char* addr = boundary - 2 * table - edge;
  pattern_fill(addr, length, seed, 0);
  if (length > sizeof(copy)) {
    ktap_skip("a page table covers %zu bytes", table);
  } else if (gup_user_open() && pins_begin(&before)) {
    const long long pages = (long long)(length / page_bytes());
    const int error = range->take(WAY_OUT, addr, length);
    if (error) ktap_fail("pinning: %s", strerror(-error));
    pins_expect_longterm(&before, error ? 0 : pages);
    if (gup_user_let_go() < 0 || !gup_user_load(copy, length)) ktap_fail("reading what is pinned");
    const long bad = pattern_check(copy, length, seed, 0);
    if (bad >= 0) ktap_fail("page %ld is not that of its address", bad / (long)page_bytes());
    pins_expect(&before, 0, error ? 0 : pages);
  }
  gup_user_close();
  munmap(start, 4 * table);
}

int main(void) {
  static const struct range fast = {false, gup_user_take_fast}, fast_thp = {true, gup_user_take_fast};
  static const struct range slow = {false, gup_user_take_slow}, slow_thp = {true, gup_user_take_slow};
  static const struct ktap_case cases[] = {
      {"fast", across, &fast},
      {"fast_thp", across, &fast_thp},
      {"slow", across, &slow},
      {"slow_thp", across, &slow_thp},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
