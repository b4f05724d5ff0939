// SPDX-License-Identifier: GPL-2.0
// Processes that work side by side until they are told to stop, and are killed with SIGKILL and started again
// meanwhile. What each does in a step, whom the next kill hits and when, all follow from the seed
// (lib/choices.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "choices.h"

// What a worker leaves behind, in memory that outlives it.
struct worker_slot {
  uint64_t begun, done;  // steps
  uint64_t last;         // state of the draw of step begun - 1
  uint64_t pinned;       // pages that were pinned at least, in steps that were done
  unsigned kills;
};

struct worker_job {
  const char* name;
  // One step. What it calls of lib/ktap.h is the worker's own: false, or a failure, ends it for good. NULL as
  // draw: the first call in a process, to get ready.
  bool (*step)(struct draw* draw, unsigned number, struct worker_slot* slot);
  bool spare;  // not to be killed
};

enum { max_workers = 16 };

struct workers {
  uint64_t seed;
  size_t count;
  const struct worker_job* jobs[max_workers];
  pid_t pid[max_workers];
  struct worker_slot* slots;  // shared
  volatile int* stop;         // shared
  bool failed[max_workers];
};

// The jobs are started. False: the running case failed.
bool workers_start(struct workers* workers, uint64_t seed, const struct worker_job* jobs, size_t count);
// Kills one after the other for that long. Gives up early when a worker has failed.
void workers_run(struct workers* workers, int duration_ms);
// Lets them finish their steps; who has failed, did nothing or did other things than the seed says fails the
// running case.
void workers_end(struct workers* workers);
bool workers_judge(const struct workers* workers, size_t number);
