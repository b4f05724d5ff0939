// SPDX-License-Identifier: GPL-2.0
// Processes that work in parallel until stopped, and are killed with SIGKILL and restarted meanwhile. What
// each does in a step, and which one is killed when, depends only on the seed (lib/choices.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "choices.h"

// Results of a worker, in memory that outlives it.
struct worker_slot {
  uint64_t begun, done;  // steps
  uint64_t last;         // state of the draw of step begun - 1
  uint64_t pinned;       // minimum of pages pinned in completed steps
  unsigned kills;
};

struct worker_job {
  const char* name;
  // One step. Its calls of lib/ktap.h only affect the worker: false, or a failure, ends it permanently. draw
  // is NULL in the first call of a process, for set-up.
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

// Starts the jobs. False: the running case failed.
bool workers_start(struct workers* workers, uint64_t seed, const struct worker_job* jobs, size_t count);
// Kills one after another for that long. Stops early when a worker has failed.
void workers_run(struct workers* workers, int duration_ms);
// Lets them finish their steps; a worker that failed, did nothing or deviated from the seed fails the running
// case.
void workers_end(struct workers* workers);
bool workers_judge(const struct workers* workers, size_t number);
