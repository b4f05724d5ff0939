// SPDX-License-Identifier: GPL-2.0
// Memory whose pages come late: userfaultfd with a handler that answers each missing page after a while with
// a page of a pattern, and a thread that maps and unmaps something meanwhile. While a fault waits, the mmap
// lock must be free: the handler answers only after mmap() has succeeded a few times, so a lock that is held
// shows on any machine, however slow.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct uffd {
  int fd, stop;
  unsigned char* area;
  size_t pages;
  unsigned seed;  // of the pattern that the handler puts there
  int delay_ms;
  pthread_t handler, mapper;
  bool handler_runs, mapper_runs;
  atomic_int faults;   // answered
  atomic_int starved;  // of these: the mapper did not get the lock within two seconds
  atomic_int waiting;  // a fault is not answered yet
  atomic_long rounds;  // of the mapper
  atomic_long longest_waiting_us, longest_idle_us;  // of a round, with and without a waiting fault
};

// `pages` missing pages. Skips the running case when the kernel has no userfaultfd. To be ended by
// uffd_close().
bool uffd_open(struct uffd* uffd, size_t pages, unsigned seed, int delay_ms);
// Stops the threads and judges them: `faults` were answered, and mmap() was never kept waiting.
void uffd_judge(struct uffd* uffd, int faults);
void uffd_close(struct uffd* uffd);
