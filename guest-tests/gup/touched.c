// SPDX-License-Identifier: GPL-2.0
// FOLL_TOUCH (mm/gup.c, follow_page_pte() and follow_huge_pmd()): pages that the kernel takes or faults in
// count as accessed, and as written where they are taken for that, so that reclaim keeps them, although no
// instruction has touched them.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "gupdrv.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "proc.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

enum { pages = 16 };
static unsigned char copy[pages * 65536];

typedef bool (*access_function)(unsigned char* addr, size_t length);

struct way {
  access_function access;
  long long pins;  // of 16 pages
  enum buffer_kind kind;
  bool untouched;
};

// What has been accessed so far is forgotten.
static bool forget(void) {
  const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  const bool good = fd >= 0 && write(fd, "1", 1) == 1;
  if (fd >= 0) close(fd);
  return good || ktap_skip("/proc/self/clear_refs: %s (PROC_PAGE_MONITOR)", strerror(errno));
}

// A line of the mapping at `addr` in smaps, in kB, or -1.
static long mapping_kib(const unsigned char* addr, const char* name) {
  char line[256];
  const size_t length = strlen(name);
  unsigned long start, end;
  long kib = -1;
  bool here = false;
  FILE* file = fopen("/proc/self/smaps", "re");
  while (file && kib < 0 && fgets(line, sizeof(line), file)) {
    if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
      here = start <= (unsigned long)addr && (unsigned long)addr < end;
    else if (here && strncmp(line, name, length) == 0)
      sscanf(line + length, ": %ld kB", &kib);
  }
  if (file) fclose(file);
  return kib;
}

// A young entry of the page table counts in smaps, so what was faulted in is judged by the page alone.
static size_t counted(const struct way* way, const unsigned char* addr) {
  size_t count = 0;
  if (way->kind == BUFFER_THP) return (size_t)mapping_kib(addr, "Referenced") * 1024 / page_bytes();
  for (size_t at = 0; at < pages * page_bytes(); at += page_bytes())
    count += (pagemap_flags(pagemap_pfn(addr + at)) & PAGEMAP_REFERENCED) != 0;
  return count;
}

static void touched(const void* arg) {
  const struct way* way = arg;
  const size_t length = pages * page_bytes();
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, way->kind, length)) return;
  if (way->untouched) madvise(buffer.addr, buffer.size, MADV_DONTNEED);
  if (forget() && pins_begin(&before)) {
    const size_t was = way->untouched ? 0 : counted(way, buffer.addr);
    if (was) ktap_fail("%zu pages count as accessed before", was);
    if (way->access(buffer.addr, length)) {
      const size_t want = way->kind == BUFFER_THP ? thp_bytes() / page_bytes() : pages;
      const size_t count = counted(way, buffer.addr);
      if (count < want) ktap_fail("%zu of %zu pages count as accessed", count, want);
    }
    pins_expect_at_least(&before, way->pins, 0);
  }
  buffer_put(&buffer);
}

static bool populate(unsigned char* addr, size_t length) {
  return madvise(addr, length, MADV_POPULATE_READ) == 0 ||
         ktap_skip("MADV_POPULATE_READ: %s (since 5.14)", strerror(errno));
}

static bool process_vm(unsigned char* addr, size_t length) {
  return proc_vm_read(copy, addr, length) == (ssize_t)length ||
         ktap_skip("process_vm_readv: %s (CROSS_MEMORY_ATTACH)", strerror(errno));
}

static bool process_vm_write(unsigned char* addr, size_t length) {
  return proc_vm_write(copy, addr, length) == (ssize_t)length ||
         ktap_skip("process_vm_writev: %s (CROSS_MEMORY_ATTACH)", strerror(errno));
}

static bool proc_mem_do(unsigned char* addr, size_t length, bool write) {
  const off_t at = (off_t)(unsigned long)addr;
  const int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const ssize_t done = fd < 0 ? -1 : write ? pwrite(fd, copy, length, at) : pread(fd, copy, length, at);
  if (fd >= 0) close(fd);
  return done == (ssize_t)length || ktap_fail("/proc/self/mem: %s", strerror(errno));
}

static bool proc_mem(unsigned char* addr, size_t length) { return proc_mem_do(addr, length, false); }
static bool proc_mem_write(unsigned char* addr, size_t length) { return proc_mem_do(addr, length, true); }

static bool driver(unsigned long command, unsigned char* addr, size_t length, unsigned flags) {
  struct gup_request request = {.pages_per_call = pages, .flags = flags};
  const int fd = gupdrv_open();
  const bool good = fd >= 0 && gupdrv_run(fd, command, addr, length, &request);
  if (fd >= 0) close(fd);
  return good && (request.size == length || ktap_fail("%llu bytes", (unsigned long long)request.size));
}

static bool get(unsigned char* addr, size_t length) { return driver(GUP_BASIC, addr, length, 0); }
static bool get_fast(unsigned char* addr, size_t length) { return driver(GUP_FAST, addr, length, GUP_WRITE); }
static bool pin_fast(unsigned char* addr, size_t length) { return driver(PIN_FAST, addr, length, GUP_WRITE); }

// mlock() and MAP_POPULATE go another way than MADV_POPULATE_READ.
static void mapped(const void* arg) {
  (void)arg;
  static const struct way way = {NULL, 0, BUFFER_MEMFD, false};
  const size_t length = pages * page_bytes();
  struct buffer buffer;
  if (!buffer_get(&buffer, BUFFER_MEMFD, length)) return;
  if (forget()) {
    unsigned char* addr = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, buffer.fd, 0);
    if (addr == MAP_FAILED) ktap_fail("mmap: %s", strerror(errno));
    const size_t count = addr == MAP_FAILED ? pages : counted(&way, addr);
    if (count < pages) ktap_fail("%zu of %d pages count as accessed", count, pages);
    if (addr != MAP_FAILED) munmap(addr, length);
  }
  buffer_put(&buffer);
}

static bool get_to_write(unsigned char* addr, size_t length) {
  return driver(GUP_BASIC, addr, length, GUP_WRITE);
}

// What may be dropped (MADV_FREE) and is taken for writing counts as written, whatever its user does.
static void dirtied(const void* arg) {
  (void)arg;
  const size_t length = pages * page_bytes();
  struct buffer buffer;
  if (!buffer_get(&buffer, BUFFER_PAGES, length)) return;
  if (madvise(buffer.addr, buffer.size, MADV_FREE) < 0) ktap_fail("MADV_FREE: %s", strerror(errno));
  const long before = mapping_kib(buffer.addr, "Private_Dirty");
  if (before != 0) ktap_fail("%ld kB are dirty before", before);
  if (get_to_write(buffer.addr, length)) {
    const long dirty = mapping_kib(buffer.addr, "Private_Dirty");
    if (dirty < (long)(length >> 10)) ktap_fail("%ld of %zu kB are dirty", dirty, length >> 10);
  }
  buffer_put(&buffer);
}

int main(void) {
  // x86 marks the entry of a huge page only when it is written (pmdp_set_access_flags()).
  static const struct way ways[] = {
      {populate, 0, BUFFER_PAGES, false},
      {process_vm, pages, BUFFER_PAGES, false},
      {proc_mem, 0, BUFFER_PAGES, false},
      {get, 0, BUFFER_PAGES, false},
      {get_fast, 0, BUFFER_PAGES, false},
      {pin_fast, pages, BUFFER_PAGES, false},
      {get_fast, 0, BUFFER_PAGES, true},
      {pin_fast, pages, BUFFER_PAGES, true},
      {process_vm_write, pages, BUFFER_THP, false},
      {proc_mem_write, 0, BUFFER_THP, false},
  };
  static const struct ktap_case cases[] = {
      {"populate", touched, &ways[0]},
      {"process_vm", touched, &ways[1]},
      {"proc_mem", touched, &ways[2]},
      {"get", touched, &ways[3]},
      {"get_fast", touched, &ways[4]},
      {"pin_fast", touched, &ways[5]},
      {"get_fast_untouched", touched, &ways[6]},
      {"pin_fast_untouched", touched, &ways[7]},
      {"process_vm_write_thp", touched, &ways[8]},
      {"proc_mem_write_thp", touched, &ways[9]},
      {"map_populate", mapped, NULL},
      {"get_free_to_write", dirtied, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
