// SPDX-License-Identifier: GPL-2.0
#include "buffers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // since 6.1
#endif

size_t page_bytes(void) { return (size_t)getpagesize(); }

size_t thp_bytes(void) {
  FILE* file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
  size_t size = 0;
  if (!file) return 0;
  if (fscanf(file, "%zu", &size) != 1) size = 0;
  fclose(file);
  return size;
}

size_t thp_usable(void) {
  size_t huge = thp_bytes();
  if (huge == 0) ktap_skip("no transparent huge pages in this kernel");
  if (huge > BUFFER_MOST_THP) ktap_skip("a huge page of %zu MiB is too large for the tests", huge >> 20);
  return huge > BUFFER_MOST_THP ? 0 : huge;
}

static long meminfo(const char* name) {
  FILE* file = fopen("/proc/meminfo", "re");
  if (!file) return -1;
  char line[128];
  size_t length = strlen(name);
  long value = -1;
  while (value < 0 && fgets(line, sizeof(line), file))
    if (strncmp(line, name, length) == 0 && line[length] == ':') value = atol(line + length + 1);
  fclose(file);
  return value;
}

size_t hugetlb_bytes(void) {
  long kib = meminfo("Hugepagesize");
  return kib > 0 ? (size_t)kib * 1024 : 0;
}

long hugetlb_free(void) { return meminfo("HugePages_Free"); }

// How long is waited for a reference that should be gone.
static struct patience patience = {1000, 0};

static bool lost_patience(long long start) {
  if (clock_ms() - start <= patience_now(&patience)) return false;
  patience_ended(&patience, true);
  return true;
}

bool hugetlb_expect_free(long pages) {
  long long start = clock_ms();
  while (hugetlb_free() != pages) {
    if (lost_patience(start))
      return ktap_fail("%ld huge pages are free, %ld were before", hugetlb_free(), pages);
    sleep_ms(10);
  }
  patience_ended(&patience, false);
  return true;
}

// KiB of the mapping around `addr` that huge page-table entries map.
static size_t smaps_huge_kib(const void* addr) {
  FILE* file = fopen("/proc/self/smaps", "re");
  if (!file) return 0;
  char line[512];
  bool inside = false;
  size_t kib = 0;
  unsigned long start, end;
  while (fgets(line, sizeof(line), file)) {
    if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
      inside = (uintptr_t)addr >= start && (uintptr_t)addr < end;
    else if (inside && sscanf(line, "AnonHugePages: %zu kB", &kib) == 1)
      break;
  }
  fclose(file);
  return kib;
}

static bool map_anonymous(struct buffer* buffer, size_t size, int flags) {
  buffer->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  buffer->map_size = size;
  buffer->addr = buffer->map;
  return buffer->map != MAP_FAILED;
}

static bool get_thp(struct buffer* buffer) {
  size_t huge = thp_usable();
  if (huge == 0) return false;
  buffer->size = (buffer->size + huge - 1) / huge * huge;
  if (!map_anonymous(buffer, buffer->size + huge, 0)) return ktap_skip("no memory for a THP buffer");
  uintptr_t start = ((uintptr_t)buffer->map + huge - 1) / huge * huge;
  buffer->addr = (unsigned char*)start;
  // What is left at both ends is closed, not unmapped: a neighbour could merge with it and blur smaps.
  mprotect(buffer->map, start - (uintptr_t)buffer->map, PROT_NONE);
  size_t tail = (uintptr_t)buffer->map + buffer->map_size - (start + buffer->size);
  if (tail) mprotect(buffer->addr + buffer->size, tail, PROT_NONE);
  if (madvise(buffer->addr, buffer->size, MADV_HUGEPAGE) < 0)
    return ktap_skip("MADV_HUGEPAGE: %s", strerror(errno));
  memset(buffer->addr, 0x5a, buffer->size);
  if (smaps_huge_kib(buffer->addr) * 1024 >= buffer->size) return true;
  madvise(buffer->addr, buffer->size, MADV_COLLAPSE);
  if (smaps_huge_kib(buffer->addr) * 1024 >= buffer->size) return true;
  return ktap_skip("the kernel gave no huge page for MADV_HUGEPAGE memory");
}

static bool get_hugetlb(struct buffer* buffer) {
  size_t huge = hugetlb_bytes();
  if (huge == 0) return ktap_skip("no hugetlb pages in this kernel");
  buffer->size = (buffer->size + huge - 1) / huge * huge;
  if (hugetlb_free() < (long)(buffer->size / huge) || !map_anonymous(buffer, buffer->size, MAP_HUGETLB))
    return ktap_skip("%zu free huge pages are needed, only %ld exist", buffer->size / huge, hugetlb_free());
  memset(buffer->addr, 0x5a, buffer->size);
  return true;
}

static bool get_memfd(struct buffer* buffer) {
  buffer->fd = memfd_create("pinrig", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (buffer->fd < 0) return ktap_skip("memfd_create: %s", strerror(errno));
  if (ftruncate(buffer->fd, (off_t)buffer->size) < 0)
    return ktap_fail("ftruncate of a memfd: %s", strerror(errno));
  buffer->map = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd, 0);
  buffer->map_size = buffer->size;
  buffer->addr = buffer->map;
  if (buffer->map == MAP_FAILED) return ktap_fail("mmap of a memfd: %s", strerror(errno));
  memset(buffer->addr, 0x5a, buffer->size);
  return true;
}

static bool get_pages(struct buffer* buffer) {
  if (!map_anonymous(buffer, buffer->size, 0)) return ktap_fail("mmap: %s", strerror(errno));
  madvise(buffer->addr, buffer->size, MADV_NOHUGEPAGE);
  memset(buffer->addr, 0x5a, buffer->size);
  return true;
}

bool buffer_get(struct buffer* buffer, enum buffer_kind kind, size_t size) {
  *buffer = (struct buffer){
      .size = (size + page_bytes() - 1) / page_bytes() * page_bytes(), .map = MAP_FAILED, .fd = -1};
  bool good = false;
  switch (kind) {
    case BUFFER_PAGES:
      good = get_pages(buffer);
      break;
    case BUFFER_THP:
      good = get_thp(buffer);
      break;
    case BUFFER_HUGETLB:
      good = get_hugetlb(buffer);
      break;
    case BUFFER_MEMFD:
      good = get_memfd(buffer);
      break;
  }
  if (!good) buffer_put(buffer);
  return good;
}

void buffer_put(struct buffer* buffer) {
  if (buffer->map != MAP_FAILED) munmap(buffer->map, buffer->map_size);
  if (buffer->fd >= 0) close(buffer->fd);
  buffer->map = MAP_FAILED;
  buffer->fd = -1;
}

bool buffer_renew_tail(struct buffer* buffer, size_t pages) {
  const size_t length = pages * page_bytes();
  void* tail = mmap(buffer->addr + buffer->size - length, length, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (tail != MAP_FAILED && madvise(tail, length, MADV_NOHUGEPAGE) == 0) return true;
  return ktap_fail("mapping fresh pages: %s", strerror(errno));
}

size_t pages_spanned(const void* addr, size_t length) {
  return ((uintptr_t)addr % page_bytes() + length + page_bytes() - 1) / page_bytes();
}

bool buffer_seal(struct buffer* buffer) {
  munmap(buffer->map, buffer->map_size);
  buffer->map = MAP_FAILED;
  long long start = clock_ms();
  while (fcntl(buffer->fd, F_ADD_SEALS, F_SEAL_WRITE) < 0) {
    if (errno != EBUSY) return ktap_fail("F_SEAL_WRITE: %s", strerror(errno));
    if (lost_patience(start))
      return ktap_fail("pages of the memfd are still held: F_SEAL_WRITE keeps returning EBUSY");
    sleep_ms(20);
  }
  patience_ended(&patience, false);
  return true;
}

bool buffer_expect_held(struct buffer* buffer) {
  munmap(buffer->map, buffer->map_size);
  buffer->map = MAP_FAILED;
  if (fcntl(buffer->fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
    return ktap_fail("pages of the memfd are not held: it could be sealed");
  return errno == EBUSY || ktap_fail("F_SEAL_WRITE: %s", strerror(errno));
}

// The bytes come out of a table, sectors at a time: bytes computed one by one are what tests of long
// transfers would spend their time on.
enum { sequence_bytes = 65536, run_bytes = 512 };

static unsigned char sequence[sequence_bytes + run_bytes];

static void make_sequence(void) {
  // Differs between neighbours, and is never the 0x5a that buffers start with.
  for (unsigned i = 0; i < sizeof(sequence); ++i) {
    unsigned char byte = (unsigned char)((i * 0x9e37u) >> 8);
    sequence[i] = byte == 0x5a ? 0xa5 : byte;
  }
}

// What belongs at `position`, as far as *length, or the end of its sector.
static const unsigned char* pattern_run(unsigned seed, size_t position, size_t* length) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_sequence);
  const size_t left = run_bytes - position % run_bytes;
  if (*length > left) *length = left;
  // Differs between sectors, pages and seeds.
  const uint32_t sector = (uint32_t)(position / run_bytes) * 0x9e3779b1u >> 16;
  return sequence + (uint16_t)(position + sector + (seed + 1) * 0x9e3du);
}

unsigned char pattern_byte(unsigned seed, size_t position) {
  size_t length = 1;
  return *pattern_run(seed, position, &length);
}

void pattern_fill(unsigned char* to, size_t length, unsigned seed, size_t position) {
  for (size_t at = 0, run; at < length; at += run) {
    run = length - at;
    const unsigned char* bytes = pattern_run(seed, position + at, &run);
    memcpy(to + at, bytes, run);
  }
}

long pattern_check(const unsigned char* from, size_t length, unsigned seed, size_t position) {
  for (size_t at = 0, run; at < length; at += run) {
    run = length - at;
    const unsigned char* want = pattern_run(seed, position + at, &run);
    for (size_t i = 0; memcmp(from + at, want, run) != 0 && i < run; ++i)
      if (from[at + i] != want[i]) return (long)(at + i);
  }
  return -1;
}
