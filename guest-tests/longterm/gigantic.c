// SPDX-License-Identifier: GPL-2.0
// Huge pages of 1 GiB, in which a kernel counts every pinned base page: 262144 of 4 KiB. mm/gup.c handles
// them at another page table level than those of 2 MiB, and they are the largest folios.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "contract/gup_user.h"
#include "devices.h"
#include "drive.h"
#include "fixed.h"
#include "gupdrv.h"
#include "mr.h"
#include "pagemap.h"
#include "patience.h"
#include "proc.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

enum {
  seed = 101,
  other_seed = 102,
  transfer = 4 << 20,
  edge = 64 << 10,
  give_back_ms = 5000,
  limit_ms = 20000,
  most_children = 16,
  most_tables = 4096
};
static unsigned char copy[edge];
static const size_t size = 1u << 30;

static long free_pages(void) {
  long pages = -1;
  FILE* file = fopen("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "re");
  if (file && fscanf(file, "%ld", &pages) != 1) pages = -1;
  if (file) fclose(file);
  return pages;
}

static unsigned char* get_page(void) {
  if (free_pages() < 1) {
    ktap_skip("no huge page of 1 GiB is free (hugepagesz=1G hugepages=)");
    return NULL;
  }
  unsigned char* at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (30 << MAP_HUGE_SHIFT), -1, 0);
  if (at == MAP_FAILED) {
    ktap_fail("mmap: %s", strerror(errno));
    return NULL;
  }
  pattern_fill(at, edge, seed, 0);
  pattern_fill(at + size - edge, edge, seed, size - edge);
  return at;
}

// Unmaps it. Oracle without counters: a page that is still held does not return to the pool.
static void put_page(unsigned char* at, long before, bool data) {
  if (data && (pattern_check(at, edge, seed, 0) >= 0 ||
               pattern_check(at + size - edge, edge, seed, size - edge) >= 0))
    ktap_fail("data lost");
  munmap(at, size);
  long long end = clock_ms() + patience_scaled(give_back_ms);
  while (free_pages() != before && clock_ms() < end) sleep_ms(10);
  if (free_pages() != before) ktap_fail("%ld pages of 1 GiB are free, %ld were before", free_pages(), before);
}

// One page for all cases that leave it as it was: to clear it takes a second under TCG.
static unsigned char* kept;
static long free_before;

static unsigned char* use_page(void) {
  if (kept) return kept;
  free_before = free_pages();
  return kept = get_page();
}

static void check_page(void) {
  if (pattern_check(kept, edge, seed, 0) >= 0 ||
      pattern_check(kept + size - edge, edge, seed, size - edge) >= 0)
    ktap_fail("data lost");
}

// For a case that needs all pages of the pool.
static void forget_page(void) {
  if (kept) put_page(kept, free_before, true);
  kept = NULL;
}

// The counters do not see a plain reference that one of the cases before has kept (get_fast; direct_read
// before 6.5), the pool does.
static void returned(const void* arg) {
  (void)arg;
  if (use_page()) forget_page();
}

static long long edge_pages(void) { return (long long)(edge / page_bytes()); }
static long long whole(void) { return (long long)(size / page_bytes()); }

// Across the middle, where two mappings of half the size would meet, and not from the beginning of a page.
static void direct_read(const void* arg) {
  (void)arg;
  struct pins before;
  long long pages = drive_pages(transfer / (long long)page_bytes() + 1);
  unsigned char* at = pages < 0 ? NULL : use_page();
  if (!at) return;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (fd >= 0 && transfer_store(&drive_raw, transfer, seed) && pins_begin(&before)) {
    unsigned char* to = at + size / 2 - transfer / 2 + 512;
    ssize_t got = pread(fd, to, transfer, drive_raw.offset);
    if (got != transfer) ktap_fail("%zd bytes: %s", got, strerror(errno));
    pins_expect(&before, pages, pages);
    if (pattern_check(to, transfer, seed, 0) >= 0) ktap_fail("wrong data was read");
  }
  if (fd >= 0) close(fd);
  check_page();
}

static void region(const void* arg) {
  (void)arg;
  struct link link;
  struct pins before;
  forget_page();
  long had = free_pages();
  unsigned char* at = link_open(&link) ? get_page() : NULL;
  if (at) {
    struct ibv_mr* mr = mr_hold(&link, at, size, IBV_ACCESS_LOCAL_WRITE, &before);
    mr_drop(mr, whole(), &before);
    put_page(at, had, true);
  }
  link_close(&link);
}

static void registered_buffer(const void* arg) {
  (void)arg;
  struct fixed fixed;
  unsigned char* at = use_page();
  if (!at) return;
  fixed_open(&fixed, at, size, size);
  fixed_close(&fixed);
  check_page();
}

// The fast way looks at the entry of the huge page itself: one that may not be written is refused.
static void read_only_refused(const void* arg) {
  (void)arg;
  struct pins before;
  unsigned char* at = use_page();
  if (!at) return;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (mprotect(at, size, PROT_READ) < 0) ktap_fail("mprotect: %s", strerror(errno));
  if (fd >= 0 && transfer_store(&drive_raw, edge, other_seed) && pins_begin(&before)) {
    ssize_t got = pread(fd, at, edge, drive_raw.offset);
    if (got >= 0 || errno != EFAULT) ktap_fail("%zd bytes were read into it, want EFAULT", got);
    pins_expect(&before, 0, 0);
  }
  if (fd >= 0) close(fd);
  if (mprotect(at, size, PROT_READ | PROT_WRITE) < 0) ktap_fail("mprotect: %s", strerror(errno));
  check_page();
}

struct children {
  int count;
  pid_t pids[most_children];
  struct rendezvous go, told;
};

// 6.12 may forget to give the huge page to a child, where the page that becomes its page table has been used
// before (fork/huge_sizes). So what has been used becomes other page tables first: one for each 2 MiB that
// are read.
static void* use_up_tables(size_t* length) {
  const size_t reach = page_bytes() * (page_bytes() / sizeof(long));
  *length = most_tables * reach;
  unsigned char* at = mmap(NULL, *length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return NULL;
  madvise(at, *length, MADV_NOHUGEPAGE);
  madvise(at, *length, MADV_DONTFORK);
  for (size_t table = 0; table < most_tables; ++table) (void)*(volatile unsigned char*)(at + table * reach);
  return at;
}

// Children that wait to be told, until one of them shares the huge page.
static bool share(struct children* children, const unsigned char* at) {
  unsigned char byte = 0;
  size_t length;
  void* tables = use_up_tables(&length);
  *children = (struct children){.go = {-1, -1}, .told = {-1, -1}};
  if (!rendezvous_open(&children->go) || !rendezvous_open(&children->told)) return false;
  while (children->count < most_children && byte == 0) {
    const pid_t child = proc_fork();
    if (child == 0) {
      rendezvous_send(&children->told, pagemap_pfn(at) != 0);
      _exit(rendezvous_wait(&children->go, &byte, 2 * limit_ms) ? 0 : 2);
    }
    if (child < 0) break;
    children->pids[children->count++] = child;
    if (!rendezvous_wait(&children->told, &byte, limit_ms)) ktap_fail("the child does not start");
  }
  if (tables) munmap(tables, length);
  ktap_note("%d children", children->count);
  return byte != 0 || ktap_skip("none of %d children shares the page", children->count);
}

static void end_children(struct children* children) {
  for (int i = 0; i < children->count; ++i) rendezvous_send(&children->go, 1);
  for (int i = 0; i < children->count; ++i)
    if (proc_reap(children->pids[i], limit_ms) != 0) ktap_fail("a child was never told to end");
  rendezvous_close(&children->go);
  rendezvous_close(&children->told);
}

// A huge page that a child shares since fork() is not pinned for reading: its owner gets one of its own
// first, so that what it writes later is what the holder of the pin reads.
static void shared_with_child(const void* arg) {
  (void)arg;
  struct pins before;
  struct children children;
  forget_page();
  long had = free_pages();
  unsigned char* at = had < 2 ? NULL : get_page();
  if (!at) {
    if (had < 2) ktap_skip("two huge pages of 1 GiB are needed, %ld are free", had);
    return;
  }
  if (share(&children, at) && gup_user_open() && pins_begin(&before)) {
    const int error = gup_user_take_fast(WAY_OUT, at, edge);
    if (error) ktap_fail("pinning it: %s", strerror(-error));
    pins_expect_at_least(&before, edge_pages(), error ? 0 : edge_pages());
    pattern_fill(at, edge, other_seed, 0);
    if (gup_user_let_go() < 0 || !gup_user_load(copy, edge)) ktap_fail("reading what is pinned");
    if (pattern_check(copy, edge, other_seed, 0) >= 0) ktap_fail("the pin is of the page that the child has");
    pins_expect_at_least(&before, 0, error ? 0 : -edge_pages());
    pattern_fill(at, edge, seed, 0);
  }
  gup_user_close();
  end_children(&children);
  put_page(at, had, true);
}

// Base pages, a huge page up to a boundary of 512 GiB, where the next page upper directory begins, and base
// pages behind it.
static unsigned char* between_pages(unsigned char* boundary) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, access = PROT_READ | PROT_WRITE;
  unsigned char* at =
      mmap(boundary - size, size, access, flags | MAP_HUGETLB | (30 << MAP_HUGE_SHIFT), -1, 0);
  unsigned char* low = mmap(boundary - size - edge, edge, access, flags, -1, 0);
  unsigned char* high = mmap(boundary, edge, access, flags, -1, 0);
  if (at == MAP_FAILED || low == MAP_FAILED || high == MAP_FAILED) {
    ktap_fail("mmap at %p: %s", (void*)boundary, strerror(errno));
    return NULL;
  }
  return low;
}

static void fill_pages(unsigned char* low, unsigned with) {
  pattern_fill(low, 2 * edge, with, 0);
  pattern_fill(low + size, 2 * edge, with, size);
}

// Each page is that of its address, also where GUP-fast goes on to another table of each level.
static void across_tables(const void* arg) {
  (void)arg;
  struct pins before;
  const size_t length = size + 2 * edge;
  forget_page();
  const long had = free_pages();
  unsigned char *const from = (unsigned char*)(64ul << 39), *const to = (unsigned char*)(65ul << 39);
  if (had < 2) {
    ktap_skip("two huge pages of 1 GiB are needed, %ld are free", had);
    return;
  }
  unsigned char *low = between_pages(from), *other = between_pages(to);
  if (low && other && gup_user_open()) {
    fill_pages(low, seed);
    fill_pages(other, other_seed);
    const long long all = (long long)(length / page_bytes());
    if (pins_begin(&before)) {
      const int error = gup_user_take_fast(WAY_IN, low, length);
      if (error) ktap_fail("pinning it: %s", strerror(-error));
      pins_expect_at_least(&before, all, error ? 0 : all);
      if (!error && gup_user_copy(other) &&
          (pattern_check(other, 2 * edge, seed, 0) >= 0 ||
           pattern_check(other + size, 2 * edge, seed, size) >= 0))
        ktap_fail("pages are not those of their addresses");
      gup_user_let_go();
      pins_expect_at_least(&before, 0, error ? 0 : -all);
    }
  }
  gup_user_close();
  if (low) munmap(low, edge), munmap(from, edge);
  if (other) munmap(other, edge), munmap(to, edge), munmap(to - size, size);
  put_page(from - size, had, false);
}

struct call {
  unsigned long command;
  bool pins;
};

static void gup(const void* arg) {
  const struct call* call = arg;
  struct pins before;
  int fd = gupdrv_open();
  unsigned char* at = fd < 0 ? NULL : use_page();
  if (at && pins_begin(&before)) {
    struct gup_request request = {.pages_per_call = (unsigned)whole(), .flags = GUP_WRITE};
    if (gupdrv_run(fd, call->command, at, size, &request) && request.size != size)
      ktap_fail("%llu of %zu bytes", (unsigned long long)request.size, size);
    pins_expect(&before, call->pins ? whole() : 0, call->pins ? whole() : 0);
  }
  if (fd >= 0) close(fd);
  if (at) check_page();
}

int main(void) {
  static const struct call get = {GUP_FAST, false}, pin = {PIN_FAST, true}, basic = {PIN_BASIC, true},
                           longterm = {PIN_LONGTERM, true};
  static const struct ktap_case cases[] = {
      {"region", region, NULL},
      {"shared_with_child", shared_with_child, NULL},
      {"across_tables", across_tables, NULL},
      {"direct_read", direct_read, NULL},
      {"registered_buffer", registered_buffer, NULL},
      {"read_only_refused", read_only_refused, NULL},
      {"get_fast", gup, &get},
      {"pin_fast", gup, &pin},
      {"pin", gup, &basic},
      {"pin_longterm", gup, &longterm},
      {"returned", returned, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
