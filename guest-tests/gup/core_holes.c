// SPDX-License-Identifier: GPL-2.0
// A core dump asks for every page of the process with FOLL_DUMP (mm/gup.c, get_dump_page()): untouched pages
// are not faulted in and stay holes in the file.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { seed = 98, area_pages = 4096, touched = 3, pieces = 4 };

static const char path[] = "/tmp/core_holes.core", pattern_file[] = "/proc/sys/kernel/core_pattern";

enum area_kind { AREA_PAGES, AREA_READ, AREA_HUGETLB };

struct area {
  enum area_kind kind;
  unsigned char* addr;
  size_t size, unit;  // of what a fault faults in
};

static bool area_open(struct area* area) {
  const bool huge = area->kind == AREA_HUGETLB;
  area->unit = huge ? hugetlb_bytes() : page_bytes();
  if (area->unit == 0) return ktap_skip("no hugetlb");
  area->size = huge ? pieces * area->unit : area_pages * area->unit;
  if (huge && hugetlb_free() < pieces) return ktap_skip("%d huge pages are needed", pieces);
  area->addr = mmap(NULL, area->size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | (huge ? MAP_HUGETLB : 0), -1, 0);
  if (area->addr == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  if (!huge && madvise(area->addr, area->size, MADV_NOHUGEPAGE) < 0)
    return ktap_fail("madvise: %s", strerror(errno));
  return true;
}

// Which units are written: a few, far from each other.
static size_t offset_of(const struct area* area, int index) {
  return area->kind == AREA_HUGETLB ? (size_t)index * 2 * area->unit
                                    : (size_t)(index * 1000 + 7) * area->unit;
}
static int written(const struct area* area) { return area->kind == AREA_HUGETLB ? pieces / 2 : touched; }

// In the child.
static void die(struct area* area) {
  struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_CORE, &all);
  for (int i = 0; i < written(area); ++i)
    pattern_fill(area->addr + offset_of(area, i), area->unit, seed + (unsigned)i, 0);
  // Read only: the zero page, which is none of the process's own.
  unsigned sum = 0;
  for (size_t i = 0; area->kind == AREA_READ && i < area->size; i += area->unit)
    sum += ((volatile unsigned char*)area->addr)[i];
  signal(SIGABRT, SIG_DFL);
  if (sum != 1) raise(SIGABRT);
}

// Where the file has [addr, addr + size), by its program headers; -1 when it has not all of it.
static off_t find_segment(int fd, const struct area* area) {
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  const Elf64_Addr first = (Elf64_Addr)(unsigned long)area->addr;
  if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) return -1;
  for (int i = 0; i < header.e_phnum; ++i) {
    off_t at = (off_t)(header.e_phoff + (Elf64_Off)i * sizeof(segment));
    if (pread(fd, &segment, sizeof(segment), at) != (ssize_t)sizeof(segment)) return -1;
    if (segment.p_type == PT_LOAD && segment.p_vaddr <= first &&
        first + area->size <= segment.p_vaddr + segment.p_filesz)
      return (off_t)(segment.p_offset + (first - segment.p_vaddr));
  }
  return -1;
}

// Bytes of [start, start + size) that are no hole.
static off_t data_bytes(int fd, off_t start, size_t size) {
  off_t sum = 0, end = start + (off_t)size, at = start;
  while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && at < end) {
    off_t hole = lseek(fd, at, SEEK_HOLE);
    if (hole > end) hole = end;
    sum += hole - at;
    at = hole;
  }
  return sum;
}

static void judge_core(const struct area* area) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  KTAP_REQUIRE(fd >= 0, "no core: %s", strerror(errno));
  off_t start = find_segment(fd, area);
  unsigned char* bytes = malloc(area->unit);
  if (start < 0) ktap_fail("the core lacks the area");
  for (int i = 0; start >= 0 && bytes && i < written(area); ++i) {
    bool got = pread(fd, bytes, area->unit, start + (off_t)offset_of(area, i)) == (ssize_t)area->unit;
    if (!got || pattern_check(bytes, area->unit, seed + (unsigned)i, 0) >= 0)
      ktap_fail("piece %d is not in the core", i);
  }
  // A page of the file may stand across two of the process.
  off_t data = start < 0 ? 0 : data_bytes(fd, start, area->size),
        most = (off_t)(2 * area->unit) * written(area);
  ktap_note("%lld of %zu bytes are not a hole", (long long)data, area->size);
  if (data > most)
    ktap_fail("%lld bytes are not a hole, want at most %lld", (long long)data, (long long)most);
  free(bytes);
  close(fd);
}

static bool core_pattern(const char* to, char* from, size_t size) {
  int fd = open(pattern_file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return ktap_skip("%s: %s (COREDUMP)", pattern_file, strerror(errno));
  ssize_t length = from ? pread(fd, from, size - 1, 0) : 0;
  if (from && length >= 0) from[length] = '\0';
  bool good = length >= 0 && pwrite(fd, to, strlen(to), 0) == (ssize_t)strlen(to);
  close(fd);
  return good || ktap_fail("%s: %s", pattern_file, strerror(errno));
}

static void dump(const void* arg) {
  struct area area = {.kind = *(const enum area_kind*)arg, .addr = MAP_FAILED};
  struct pins before;
  char old[128];
  int status = 0;
  if (!core_pattern(path, old, sizeof(old))) return;
  if (pins_begin(&before) && area_open(&area)) {
    long long start = proc_vmstat("pgfault");
    pid_t child = proc_fork();
    if (child == 0) {
      die(&area);
      _exit(1);
    }
    if (child > 0) waitpid(child, &status, 0);
    long long brought = proc_vmstat("pgfault") - start, units = (long long)(area.size / area.unit);
    ktap_note("%lld faults for %lld units", brought, units);
    if (!WIFSIGNALED(status) || !WCOREDUMP(status))
      ktap_fail("no core was dumped (status %x)", (unsigned)status);
    else
      judge_core(&area);
    // Those of the process itself are some hundred; the huge area is too small to tell.
    if (area.kind == AREA_PAGES && brought > units / 2)
      ktap_fail("%lld faults: the dump faulted in untouched pages", brought);
    // Plain references.
    pins_expect(&before, 0, 0);
  }
  if (area.addr != MAP_FAILED) munmap(area.addr, area.size);
  unlink(path);
  core_pattern(old, NULL, 0);
}

int main(void) {
  static const enum area_kind pages = AREA_PAGES, zero = AREA_READ, huge = AREA_HUGETLB;
  static const struct ktap_case cases[] = {
      {"untouched_pages", dump, &pages},
      {"zero_pages", dump, &zero},
      {"untouched_hugetlb", dump, &huge},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
