// SPDX-License-Identifier: GPL-2.0
// What userfaultfd fills and moves (mm/userfaultfd.c): a fill that is refused leaves no page behind, and a
// move brings each page, with its data, once. A child does it, whose memory is charged to a group: when it
// has ended nothing may be left there.
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "available.h"
#include "buffers.h"
#include "cgroup.h"
#include "contract/memory.h"
#include "ktap.h"
#include "proc.h"

// The ABI since 6.8 (include/uapi/linux/userfaultfd.h).
struct move {
  __u64 to, from, length, mode;
  __s64 moved;
};
#define MOVE _IOWR(0xAA, 0x05, struct move)
#define FEATURE_MOVE (1ull << 16)

enum {
  rounds = 64,
  pages = 8,
  splits = 16,
  huge_at_once = 2,
  children = 3,
  seed = 87,
  limit_ms = 20000,
  small_kib = 32
};

static int open_uffd(void* area, size_t length, uint64_t features, uint64_t mode) {
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  struct uffdio_register range = {.range = {(uintptr_t)area, length}, .mode = mode};
  const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &range) == 0) return fd;
  const int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return -1;
}

static int copy(int uffd, void* to, const void* from, size_t length) {
  struct uffdio_copy request = {.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length};
  return ioctl(uffd, UFFDIO_COPY, &request) < 0 ? errno : 0;
}

static int move(int uffd, void* to, const void* from, size_t length) {
  struct move request = {.to = (uintptr_t)to, .from = (uintptr_t)from, .length = length};
  return ioctl(uffd, MOVE, &request) < 0 ? errno : 0;
}

static unsigned char* room(size_t length, int protection) {
  unsigned char* area = mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area != MAP_FAILED) madvise(area, length, MADV_NOHUGEPAGE);
  return area == MAP_FAILED ? NULL : area;
}

// The steps of a child say what is wrong, or NULL.

static const char* filled_twice(void) {
  const size_t page = page_bytes();
  unsigned char *to = room(page, PROT_READ | PROT_WRITE), *from = room(page, PROT_READ | PROT_WRITE);
  const int uffd = open_uffd(to, page, 0, UFFDIO_REGISTER_MODE_MISSING);
  pattern_fill(from, page, seed, 0);
  if (uffd < 0 || copy(uffd, to, from, page)) return "the first fill failed";
  for (int i = 0; i < rounds; ++i) {
    if (copy(uffd, to, from, page) != EEXIST) return "the second fill is not refused by EEXIST";
  }
  return pattern_check(to, page, seed, 0) < 0 ? NULL : "wrong data";
}

// Written pages, pages of zeros, and pages in swap. All of them in one move each.
static const char* move_base_pages(bool written, bool out) {
  const size_t length = pages * page_bytes();
  unsigned char *to = room(length, PROT_READ | PROT_WRITE), *from = room(length, PROT_READ | PROT_WRITE);
  const int uffd = open_uffd(to, length, FEATURE_MOVE, UFFDIO_REGISTER_MODE_MISSING);
  if (uffd < 0) return "no userfaultfd that moves";
  for (int i = 0; i < 4; ++i) {
    if (written) pattern_fill(from, length, seed, 0);
    for (size_t at = 0; !written && at < length; at += page_bytes())
      (void)*(volatile unsigned char*)(from + at);
    if (out) madvise(from, length, MADV_PAGEOUT);
    int error = EAGAIN;
    for (int tries = 0; tries < 100 && error == EAGAIN; ++tries) error = move(uffd, to, from, length);
    if (error) return "the move is refused";
    if (written && pattern_check(to, length, seed, 0) >= 0) return "wrong data";
    for (size_t at = 0; !written && at < length; ++at) {
      if (to[at]) return "zeros are something else";
    }
    madvise(to, length, MADV_DONTNEED);
  }
  return NULL;
}

static const char* moved(void) { return move_base_pages(true, false); }
static const char* moved_zeros(void) { return move_base_pages(false, false); }
static const char* moved_swapped(void) { return move_base_pages(true, true); }

// Some pages of a huge page: it is split, and what is left of it is still there.
static const char* moved_part(void) {
  const size_t length = pages * page_bytes();
  unsigned char* to = room(length, PROT_READ | PROT_WRITE);
  const int uffd = open_uffd(to, length, FEATURE_MOVE, UFFDIO_REGISTER_MODE_MISSING);
  if (uffd < 0) return "no userfaultfd that moves";
  for (int i = 0; i < splits; ++i) {
    struct memory memory;
    if (!memory_get(&memory, MEMORY_THP, 1)) return "no huge page";
    unsigned char* from = memory.addr + 3 * page_bytes();
    pattern_fill(memory.addr, memory.folio, seed, 0);
    if (move(uffd, to, from, length)) return "the move is refused";
    if (pattern_check(to, length, seed, 3 * page_bytes()) >= 0) return "wrong data";
    if (pattern_check(from + length, page_bytes(), seed, (size_t)(from + length - memory.addr)) >= 0)
      return "wrong data in what is left";
    madvise(to, length, MADV_DONTNEED);
    memory_put(&memory);
  }
  return NULL;
}

struct step {
  const char* (*run)(void);
  bool moves, huge;
};

static bool usable(const struct step* step) {
  unsigned char* area = room(page_bytes(), PROT_READ | PROT_WRITE);
  const int fd = open_uffd(area, page_bytes(), step->moves ? FEATURE_MOVE : 0, UFFDIO_REGISTER_MODE_MISSING);
  const int error = errno;
  if (fd >= 0) close(fd);
  munmap(area, page_bytes());
  if (fd < 0)
    return ktap_skip("userfaultfd: %s (%s)", strerror(error), step->moves ? "since 6.8" : "USERFAULTFD");
  return !step->huge || thp_usable() > 0;
}

// A child does it; the memory that the group has afterwards in KiB, or -1.
static long long left_behind(const struct step* step, const struct cgroup* group) {
  const pid_t child = proc_fork();
  if (child == 0) {
    const char* wrong = cgroup_enter(group) ? step->run() : "the group cannot be entered";
    if (wrong) ktap_note("%s: %s", wrong, strerror(errno));
    fflush(NULL);
    _exit(wrong != NULL);
  }
  const int code = child > 0 ? proc_reap(child, limit_ms) : -1;
  if (code > 0) ktap_fail("see the line above");
  return code == 0 ? cgroup_memory(group) / 1024 : -1;
}

// Children leave what the kernel keeps of any process for a while; what is lost adds up, with each of them.
static void nothing_is_left(const void* arg) {
  const struct step* step = arg;
  struct cgroup group;
  if (!usable(step)) return;
  if (cgroup_open(&group, "pinrig-uffd", "memory")) {
    long long before = left_behind(step, &group), more = small_kib + 1;
    for (int child = 0; child < children && before >= 0 && more > small_kib; ++child) {
      const long long after = left_behind(step, &group);
      more = after - before;
      before = after;
    }
    if (before >= 0 && more > small_kib) ktap_fail("%lld KiB are charged to a group of nobody", more);
  }
  cgroup_close(&group);
}

// What is allocated before it is known that there is nothing to copy is charged to no group yet, but freed.
static void filled_from_nowhere(const void* arg) {
  enum { many = 4096, most_kib = 8 << 10 };
  const size_t page = page_bytes();
  unsigned char *to = room(page, PROT_READ | PROT_WRITE), *from = room(page, PROT_NONE);
  (void)arg;
  KTAP_REQUIRE(to && from, "mmap: %s", strerror(errno));
  const int uffd = open_uffd(to, page, 0, UFFDIO_REGISTER_MODE_MISSING);
  const long long start = available_kib();
  if (uffd < 0) ktap_skip("userfaultfd: %s (USERFAULTFD)", strerror(errno));
  for (int i = 0; uffd >= 0 && i < many && !ktap_failed(); ++i) {
    const int error = copy(uffd, to, from, page);
    if (error != EFAULT) ktap_fail("a fill from memory that is missing: %s, want EFAULT", strerror(error));
  }
  const long long lost = start - available_kib();
  if (start < 0 || lost > most_kib) ktap_fail("%d refused fills cost %lld KiB of memory", many, lost);
  if (uffd >= 0) close(uffd);
  munmap(to, page);
  munmap(from, page);
}

// Huge pages return to their pool.
static void huge_from_nowhere(const void* arg) {
  const size_t huge = hugetlb_bytes();
  const long before = hugetlb_free();
  (void)arg;
  if (huge == 0 || before < 1) {
    ktap_skip("no free huge page");
    return;
  }
  unsigned char *to = mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
                           0),
                *from = room(huge, PROT_NONE);
  KTAP_REQUIRE(to != MAP_FAILED && from, "mmap: %s", strerror(errno));
  const int uffd = open_uffd(to, huge, 0, UFFDIO_REGISTER_MODE_MISSING);
  if (uffd < 0) ktap_skip("userfaultfd: %s", strerror(errno));
  const int error = uffd < 0 ? EFAULT : copy(uffd, to, from, huge);
  if (error != EFAULT) ktap_fail("a fill from memory that is missing: %s, want EFAULT", strerror(error));
  if (uffd >= 0) close(uffd);
  munmap(to, huge);
  munmap(from, huge);
  hugetlb_expect_free(before);
}

// Several huge pages in one request: all of them are filled, or mapped where they are there already.
static void huge_pages_at_once(const void* arg) {
  const bool* there = arg;
  const size_t huge = hugetlb_bytes(), length = huge_at_once * huge;
  const long before = hugetlb_free();
  struct buffer buffer;
  if (huge == 0 || before < huge_at_once) {
    ktap_skip("%d huge pages are needed, %ld are free", huge_at_once, before);
    return;
  }
  unsigned char* from = room(length, PROT_READ | PROT_WRITE);
  const int file = memfd_create("pinrig", MFD_CLOEXEC | MFD_HUGETLB);
  KTAP_REQUIRE(from && file >= 0 && ftruncate(file, (off_t)length) == 0, "getting ready: %s",
               strerror(errno));
  buffer = (struct buffer){.size = length, .map_size = length, .fd = file};
  buffer.map = buffer.addr = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  unsigned char* to = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  KTAP_REQUIRE(buffer.map != MAP_FAILED && to != MAP_FAILED, "mmap: %s", strerror(errno));
  const int uffd = open_uffd(to, length, *there ? UFFD_FEATURE_MINOR_HUGETLBFS : 0,
                             *there ? UFFDIO_REGISTER_MODE_MINOR : UFFDIO_REGISTER_MODE_MISSING);
  if (uffd < 0) ktap_skip("userfaultfd of huge pages: %s", strerror(errno));
  pattern_fill(*there ? buffer.addr : from, length, seed, 0);
  struct uffdio_copy fill = {.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length};
  struct uffdio_continue map = {.range = {(uintptr_t)to, length}};
  const int error =
      uffd >= 0 && ioctl(uffd, *there ? UFFDIO_CONTINUE : UFFDIO_COPY, *there ? (void*)&map : &fill) < 0
          ? errno
          : 0;
  const long long done = *there ? map.mapped : fill.copy;
  if (uffd >= 0 && (error || done != (long long)length))
    ktap_fail("%lld of %zu bytes: %s", done, length, strerror(error));
  else if (uffd >= 0 && pattern_check(to, length, seed, 0) >= 0)
    ktap_fail("wrong data");
  if (uffd >= 0) close(uffd);
  munmap(to, length);
  munmap(from, length);
  buffer_put(&buffer);
  hugetlb_expect_free(before);
}

// Minor faults are those of shared memory alone.
static void private_not_continued(const void* arg) {
  unsigned char* area = room(page_bytes(), PROT_READ | PROT_WRITE);
  const int uffd = open_uffd(area, page_bytes(), 0, UFFDIO_REGISTER_MODE_MISSING);
  struct uffdio_continue request = {.range = {(uintptr_t)area, page_bytes()}};
  (void)arg;
  if (uffd < 0) ktap_skip("userfaultfd: %s", strerror(errno));
  if (uffd >= 0 && (ioctl(uffd, UFFDIO_CONTINUE, &request) == 0 || errno != EINVAL))
    ktap_fail("UFFDIO_CONTINUE of private memory: %s, want EINVAL", strerror(errno));
  if (uffd >= 0) close(uffd);
  munmap(area, page_bytes());
}

static long huge_kib(const void* addr) {
  char line[256];
  long kib = -1;
  bool inside = false;
  FILE* file = fopen("/proc/self/smaps", "re");
  while (file && kib < 0 && fgets(line, sizeof(line), file)) {
    unsigned long from, to;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) inside = (uintptr_t)addr >= from && (uintptr_t)addr < to;
    if (inside && sscanf(line, "AnonHugePages: %ld", &kib) != 1) kib = -1;
  }
  if (file) fclose(file);
  return kib;
}

// A part of a huge page that a child has, too, is refused before the huge page is split.
static void shared_part_not_moved(const void* arg) {
  struct memory memory;
  struct rendezvous go;
  const size_t page = page_bytes();
  unsigned char* to = room(page, PROT_READ | PROT_WRITE);
  const int uffd = open_uffd(to, page, FEATURE_MOVE, UFFDIO_REGISTER_MODE_MISSING);
  (void)arg;
  if (uffd < 0) ktap_skip("UFFDIO_MOVE: %s (since 6.8)", strerror(errno));
  if (uffd >= 0 && memory_get(&memory, MEMORY_THP, 1)) {
    if (rendezvous_open(&go)) {
      const pid_t child = proc_fork();
      if (child == 0) {
        rendezvous_linger(&go, limit_ms);
        _exit(0);
      }
      const long before = huge_kib(memory.addr);
      const int error = move(uffd, to, memory.addr + 3 * page, page);
      if (error != EBUSY) ktap_fail("moving a page that a child has: %s, want EBUSY", strerror(error));
      if (before <= 0 || huge_kib(memory.addr) != before)
        ktap_fail("%ld kB of huge pages are mapped, before %ld", huge_kib(memory.addr), before);
      rendezvous_send(&go, 1);
      if (child > 0) proc_end(child, limit_ms);
      rendezvous_close(&go);
    }
    memory_put(&memory);
  }
  if (uffd >= 0) close(uffd);
  munmap(to, page);
}

// The private copies of a file's pages are anonymous, but their mapping is not.
static void private_file_not_moved(const void* arg) {
  struct buffer file;
  const size_t page = page_bytes();
  unsigned char* to = room(page, PROT_READ | PROT_WRITE);
  const int uffd = open_uffd(to, page, FEATURE_MOVE, UFFDIO_REGISTER_MODE_MISSING);
  (void)arg;
  if (uffd < 0) ktap_skip("UFFDIO_MOVE: %s (since 6.8)", strerror(errno));
  if (buffer_get(&file, BUFFER_MEMFD, page)) {
    unsigned char* from = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.fd, 0);
    if (from != MAP_FAILED) pattern_fill(from, page, seed, 0);
    const int error = uffd < 0 ? EINVAL : move(uffd, to, from, page);
    if (error != EINVAL)
      ktap_fail("moving a private copy of a file's page: %s, want EINVAL", strerror(error));
    if (pattern_check(from, page, seed, 0) >= 0) ktap_fail("the page has other data");
    munmap(from, page);
    buffer_put(&file);
  }
  if (uffd >= 0) close(uffd);
  munmap(to, page);
}

// A page of a memfd that is mapped again where it is mapped already: refused, and no reference stays.
static void continued_twice(const void* arg) {
  struct buffer buffer;
  (void)arg;
  if (!buffer_get(&buffer, BUFFER_MEMFD, page_bytes())) return;
  unsigned char* other = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, buffer.fd, 0);
  const int uffd = open_uffd(other, page_bytes(), UFFD_FEATURE_MINOR_SHMEM, UFFDIO_REGISTER_MODE_MINOR);
  if (uffd < 0) ktap_skip("minor faults of shared memory: %s", strerror(errno));
  struct uffdio_continue request = {.range = {(uintptr_t)other, page_bytes()}};
  if (uffd >= 0 && ioctl(uffd, UFFDIO_CONTINUE, &request) < 0)
    ktap_fail("UFFDIO_CONTINUE: %s", strerror(errno));
  for (int i = 0; uffd >= 0 && i < rounds; ++i) {
    request.mapped = 0;
    if (ioctl(uffd, UFFDIO_CONTINUE, &request) == 0 || errno != EEXIST)
      ktap_fail("the second one is not refused by EEXIST: %s", strerror(errno));
  }
  if (uffd >= 0) close(uffd);
  munmap(other, page_bytes());
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct step twice = {filled_twice, false, false};
  static const struct step base = {moved, true, false}, zeros = {moved_zeros, true, false},
                           swapped = {moved_swapped, true, false}, part = {moved_part, true, true};
  static const bool missing = false, there = true;
  static const struct ktap_case cases[] = {
      {"filled_twice", nothing_is_left, &twice},
      {"filled_from_nowhere", filled_from_nowhere, NULL},
      {"huge_page_filled_from_nowhere", huge_from_nowhere, NULL},
      {"huge_pages_filled_at_once", huge_pages_at_once, &missing},
      {"huge_pages_continued_at_once", huge_pages_at_once, &there},
      {"continued_twice", continued_twice, NULL},
      {"private_memory_not_continued", private_not_continued, NULL},
      {"private_file_not_moved", private_file_not_moved, NULL},
      {"shared_part_of_huge_page_not_moved", shared_part_not_moved, NULL},
      {"moved", nothing_is_left, &base},
      {"moved_zeros", nothing_is_left, &zeros},
      {"moved_from_swap", nothing_is_left, &swapped},
      {"moved_part_of_huge_page", nothing_is_left, &part},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
