// SPDX-License-Identifier: GPL-2.0
// Missing pages: userfaultfd with a handler that resolves each fault after a delay with a page of a pattern,
// and a thread that maps and unmaps memory meanwhile. While a fault waits, the mmap lock must be free: the
// handler answers only after mmap() has succeeded a few times, which detects a held lock on any machine,
// however slow.
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
  atomic_int waiting;  // a fault is pending
  atomic_long rounds;  // of the mapper
  atomic_long longest_waiting_us, longest_idle_us;  // of a round, with and without a waiting fault
};

// Did an operation that began at `start` (clock_ms()) wait for so many of the pages? Fails the running case
// when it did not.
bool uffd_waited(const struct uffd* uffd, long long start, int faults);
// `pages` missing pages. Skips the running case when the kernel has no userfaultfd. Call uffd_close() at the
// end.
bool uffd_open(struct uffd* uffd, size_t pages, unsigned seed, int delay_ms);
// Stops the threads and checks: `faults` were answered, and mmap() was never blocked.
void uffd_judge(struct uffd* uffd, int faults);
void uffd_close(struct uffd* uffd);
