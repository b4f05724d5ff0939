// SPDX-License-Identifier: GPL-2.0
// Huge pages of 1 GiB, in which a kernel counts every pinned base page: 262144 of 4 KiB. mm/gup.c handles
// them at another page table level than those of 2 MiB, and they are the largest folios.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "devices.h"
#include "drive.h"
#include "fixed.h"
#include "gupdrv.h"
#include "mr.h"
#include "patience.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

enum { seed = 101, transfer = 4 << 20, edge = 64 << 10, give_back_ms = 5000 };
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

static long long whole(void) { return (long long)(size / page_bytes()); }

// Across the middle, where two mappings of half the size would meet, and not from the beginning of a page.
static void direct_read(const void* arg) {
  (void)arg;
  struct pins before;
  long had = free_pages();
  long long pages = drive_pages(transfer / (long long)page_bytes() + 1);
  unsigned char* at = pages < 0 ? NULL : get_page();
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
  put_page(at, had, true);
}

static void region(const void* arg) {
  (void)arg;
  struct link link;
  struct pins before;
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
  long had = free_pages();
  unsigned char* at = get_page();
  if (!at) return;
  fixed_open(&fixed, at, size, size);
  fixed_close(&fixed);
  put_page(at, had, true);
}

struct call {
  unsigned long command;
  bool pins;
};

static void gup(const void* arg) {
  const struct call* call = arg;
  struct pins before;
  long had = free_pages();
  int fd = gupdrv_open();
  unsigned char* at = fd < 0 ? NULL : get_page();
  if (at && pins_begin(&before)) {
    struct gup_request request = {.pages_per_call = (unsigned)whole(), .flags = GUP_WRITE};
    if (gupdrv_run(fd, call->command, at, size, &request) && request.size != size)
      ktap_fail("%llu of %zu bytes", (unsigned long long)request.size, size);
    pins_expect(&before, call->pins ? whole() : 0, call->pins ? whole() : 0);
  }
  if (fd >= 0) close(fd);
  if (at) put_page(at, had, true);
}

int main(void) {
  static const struct call get = {GUP_FAST, false}, pin = {PIN_FAST, true}, basic = {PIN_BASIC, true},
                           longterm = {PIN_LONGTERM, true};
  static const struct ktap_case cases[] = {
      {"direct_read", direct_read, NULL},
      {"region", region, NULL},
      {"registered_buffer", registered_buffer, NULL},
      {"get_fast", gup, &get},
      {"pin_fast", gup, &pin},
      {"pin", gup, &basic},
      {"pin_longterm", gup, &longterm},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
