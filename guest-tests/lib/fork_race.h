// SPDX-License-Identifier: GPL-2.0
// fork() racing with direct reads: a thread repeatedly reads one sector into a page, while the main thread
// forks and writes to the end of that page. If direct I/O takes plain references, a read may go into a page
// that only a child has, and is lost.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { fork_race_sector = 512, fork_race_fill = 0xff };

struct fork_race {
  int fd;  // opened for direct reads; at `offset` a sector of fork_race_fill
  off_t offset;
  unsigned char* page;
  int duration_ms;
  int extra_factor;               // goes on for this many times as long until it has
  long least_reads, least_forks;  // with fewer the result is meaningless
};

struct fork_race_result {
  long reads, lost, errors, forks;
};

// False: the running case failed.
bool fork_race_run(const struct fork_race* race, struct fork_race_result* result);
// If the target pins, no read may be lost; otherwise a lost read is the expected failure, and none proves
// nothing.
void fork_race_judge(const struct fork_race* race, const struct fork_race_result* result, bool pins);
