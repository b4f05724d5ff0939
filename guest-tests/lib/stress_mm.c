// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "proc.h"
#include "stress_steps.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { child_ms = 20000, own_pages = 1024 };

static bool write_word(const char* path, const char* word) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, word, strlen(word)) > 0;
  int error = errno;
  if (fd >= 0) close(fd);
  return good || ktap_fail("%s: %s", path, strerror(error));
}

// Every page has a byte of its own, which costs less than a pattern.
static void mark(unsigned char* at, size_t length, unsigned seed) {
  for (size_t page = 0; page < length / page_bytes(); ++page)
    at[page * page_bytes()] = pattern_byte(seed, page);
}

static bool marked(const unsigned char* at, size_t length, unsigned seed) {
  for (size_t page = 0; page < length / page_bytes(); ++page)
    if (at[page * page_bytes()] != pattern_byte(seed, page))
      return ktap_fail("page %zu has lost its data", page);
  return true;
}

static unsigned char* take(size_t length) {
  void* at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at != MAP_FAILED) return at;
  ktap_fail("mmap of %zu bytes: %s", length, strerror(errno));
  return NULL;
}

bool stress_fork(struct draw* draw, unsigned number, struct worker_slot* slot) {
  (void)number, (void)slot;
  if (!draw) return true;
  size_t length = (1 + draw_below(draw, own_pages)) * page_bytes();
  unsigned seed = draw_below(draw, 1 << 30), children = 1 + draw_below(draw, 4);
  pid_t pid[4] = {0};
  unsigned char* at = take(length);
  if (!at) return false;
  mark(at, length, seed);
  for (unsigned i = 0; i < children; ++i) {
    pid[i] = proc_fork();
    if (pid[i] == 0) {
      mark(at, length, seed + 1 + i);
      _exit(marked(at, length, seed + 1 + i) ? 0 : 1);
    }
  }
  bool good = marked(at, length, seed);
  for (unsigned i = 0; i < children; ++i)
    if (pid[i] > 0 && proc_reap(pid[i], child_ms) != 0)
      good = ktap_fail("a child found other data than it wrote");
  good = good && marked(at, length, seed);
  munmap(at, length);
  return good;
}

bool stress_reclaim(struct draw* draw, unsigned number, struct worker_slot* slot) {
  (void)number, (void)slot;
  static const char* const caches[] = {"1", "2", "3"};
  if (!draw) return true;
  unsigned what = draw_below(draw, 4), seed = draw_below(draw, 1 << 30),
           amount = 1 + draw_below(draw, stress_pressure_mib);
  if (what == 0) return write_word("/proc/sys/vm/drop_caches", caches[amount % 3]);
  size_t length = what == 3 ? (size_t)amount << 20 : own_pages * page_bytes();
  unsigned char* at = take(length);
  if (!at) return false;
  mark(at, length, seed);
  // Swap may be full by now, which is no error.
  if (what != 3) madvise(at, length, what == 1 ? MADV_COLD : MADV_PAGEOUT);
  bool good = marked(at, length, seed);
  munmap(at, length);
  return good;
}

bool stress_migrate(struct draw* draw, unsigned number, struct worker_slot* slot) {
  (void)number, (void)slot;
  enum { batch = 64 };
  if (!draw) return true;
  unsigned what = draw_below(draw, 3), seed = draw_below(draw, 1 << 30);
  if (what == 0) return write_word("/proc/sys/vm/compact_memory", "1");
  size_t length = 2 * (thp_bytes() ? thp_bytes() : batch * page_bytes());
  unsigned char* at = take(length);
  if (!at) return false;
  mark(at, length, seed);
  if (what == 1) {
    void* pages[batch];
    int nodes[batch] = {0}, status[batch];
    for (size_t i = 0; i < batch; ++i) pages[i] = at + i * page_bytes();
    // To the node where they are already on a machine with one: looked up, not moved.
    syscall(SYS_move_pages, 0, (unsigned long)batch, pages, nodes, status, 2 /* MPOL_MF_MOVE */);
  } else {
    madvise(at, length, MADV_COLLAPSE);
  }
  bool good = marked(at, length, seed);
  munmap(at, length);
  return good;
}
