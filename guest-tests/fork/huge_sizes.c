// SPDX-License-Identifier: GPL-2.0
// fork() and huge pages of every size. Their entries are copied by a function of their own (mm/hugetlb.c,
// copy_hugetlb_page_range()), which skips tables that are already shared, according to a count in the table's
// struct page. If only PMD tables initialize it to zero, a table of another level (1 GiB; contiguous entries
// of arm64) has a stale value of the page's last user, and the child reads zeros. So pages with a non-zero
// value there are freed right before: in a block device's page cache the field is the index in the file, and
// the pages come from the same free lists as page tables.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "fixed.h"
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

enum { seed = 63, edge = 4096, cached = 2 << 20, limit_ms = 60000, few_rounds = 256 << 20, tries = 5 };
enum { GOOD, BEGIN_LOST, END_LOST };

struct row {
  size_t (*size)(void);
  int rounds;
  bool pinned;  // by a fixed buffer: the child gets a copy of the page at once
};

// Sizes by level of the page table (arch/arm64/mm/hugetlbpage.c). 0: not with this size of base pages.
static size_t pmd(void) { return page_bytes() * (page_bytes() / sizeof(long)); }
static size_t pud(void) { return page_bytes() == 4096 ? 1ul << 30 : 0; }
#ifdef __aarch64__
static size_t contiguous_pte(void) { return page_bytes() == 4096 ? 64ul << 10 : 2ul << 20; }
static size_t contiguous_pmd(void) {
  return page_bytes() == 4096 ? 32ul << 20 : page_bytes() == 16384 ? 1ul << 30 : 0;
}
#endif

// Also brings every page that is on its way to the lists there.
static void compact(void) {
  int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  dprintf(fd, "1");
  close(fd);
}

// What can only come with the boot (1 GiB) has come.
static bool reserve(size_t size, int pages) {
  char path[96], have[32] = "";
  snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/nr_hugepages", size >> 10);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return ktap_skip("the kernel has no huge pages of %zu kB", size >> 10);
  if (pread(fd, have, sizeof(have) - 1, 0) <= 0) *have = 0;
  // The kernel gives up at the first range in which a page is just on its way elsewhere.
  for (int i = 0; i < tries && atoi(have) < pages; ++i) {
    compact();
    dprintf(fd, "%d", pages);
    if (pread(fd, have, sizeof(have) - 1, 0) <= 0) *have = 0;
  }
  close(fd);
  return atoi(have) >= pages ||
         ktap_skip("only %d of %d huge pages of %zu kB are available", atoi(have), pages, size >> 10);
}

static void leave_numbers(int drive) {
  static char to[cached];
  if (pread(drive, to, sizeof(to), (off_t)page_bytes()) != (ssize_t)sizeof(to))
    ktap_fail("read: %s", strerror(errno));
  if (!device_drop_cache(drive)) ktap_fail("the drive's page cache cannot be dropped");
}

static int look(const unsigned char* at, size_t size) {
  if (pattern_check(at, edge, seed, 0) >= 0) return BEGIN_LOST;
  return pattern_check(at + size - edge, edge, seed, size - edge) >= 0 ? END_LOST : GOOD;
}

static bool fork_keeps(const unsigned char* at, size_t size, int drive) {
  uint64_t frame = pagemap_pfn(at);
  leave_numbers(drive);
  pid_t child = proc_fork();
  if (child == 0) _exit(look(at, size));
  int code = child > 0 ? proc_reap(child, limit_ms) : -1;
  if (code < 0) return false;
  if (code != GOOD)
    return ktap_fail("the child has other data %s", code == BEGIN_LOST ? "from the beginning" : "at the end");
  if (pagemap_pfn(at) != frame) return ktap_fail("the parent has another page");
  return look(at, size) == GOOD || ktap_fail("the parent has other data");
}

// The lists of free pages are a CPU's own.
static bool stay_here(void) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  return sched_setaffinity(0, sizeof(first), &first) == 0 ||
         ktap_fail("sched_setaffinity: %s", strerror(errno));
}

static void row(const void* arg) {
  const struct row* row = arg;
  struct fixed fixed;
  size_t size = row->size();
  if (size == 0) ktap_skip("not with base pages of %zu bytes", page_bytes());
  if (size == 0 || !reserve(size, 2) || !stay_here()) return;
  int drive = device_open(DRIVE_RAW, 1, O_RDONLY);
  if (drive < 0) return;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (__builtin_ctzl(size) << MAP_HUGE_SHIFT);
  unsigned char* at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (at == MAP_FAILED) ktap_fail("mmap: %s", strerror(errno));
  if (at != MAP_FAILED) {
    pattern_fill(at, edge, seed, 0);
    pattern_fill(at + size - edge, edge, seed, size - edge);
    bool ready = !row->pinned || fixed_open(&fixed, at, size, size);
    // A page that is pinned is copied each time.
    int rounds = row->pinned && size >= few_rounds ? 1 : row->rounds;
    for (int i = 0; ready && i < rounds && fork_keeps(at, size, drive); ++i) {
    }
    if (row->pinned) fixed_close(&fixed);
    munmap(at, size);
  }
  close(drive);
}

int main(void) {
  static const struct row two = {pmd, 20, false}, two_pinned = {pmd, 10, true};
  static const struct row giga = {pud, 20, false}, giga_pinned = {pud, 1, true};
#ifdef __aarch64__
  static const struct row ptes = {contiguous_pte, 40, false}, ptes_pinned = {contiguous_pte, 20, true};
  static const struct row pmds = {contiguous_pmd, 20, false}, pmds_pinned = {contiguous_pmd, 3, true};
#endif
  static const struct ktap_case cases[] = {
      {"pmd", row, &two},
      {"pmd_pinned", row, &two_pinned},
      {"pud", row, &giga},
      {"pud_pinned", row, &giga_pinned},
#ifdef __aarch64__
      {"contiguous_pte", row, &ptes},
      {"contiguous_pte_pinned", row, &ptes_pinned},
      {"contiguous_pmd", row, &pmds},
      {"contiguous_pmd_pinned", row, &pmds_pinned},
#endif
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
