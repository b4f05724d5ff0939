// SPDX-License-Identifier: GPL-2.0
// What the workers of a stress test do in a step (lib/workers.h). Each checks the data of what it did itself.
#pragma once

#include <stdbool.h>

#include "workers.h"

// Writes and reads a part of DRIVE_RAW directly, by system calls, AIO or io_uring, while it forks or pages
// out memory in flight. Call drive_pages() before starting it.
bool stress_transfer(struct draw* draw, unsigned number, struct worker_slot* slot);
// Registers a buffer with io_uring, transfers by it, and unregisters it or closes the ring.
bool stress_fixed(struct draw* draw, unsigned number, struct worker_slot* slot);
// Passes memory through pipes by vmsplice() and tee().
bool stress_pipe(struct draw* draw, unsigned number, struct worker_slot* slot);
// Forks, and both processes write to shared pages.
bool stress_fork(struct draw* draw, unsigned number, struct worker_slot* slot);
// Pages out its own memory, drops caches, and briefly allocates up to stress_pressure_mib MiB.
bool stress_reclaim(struct draw* draw, unsigned number, struct worker_slot* slot);
// Migrates memory: compaction of everything, move_pages() and collapse of its own.
bool stress_migrate(struct draw* draw, unsigned number, struct worker_slot* slot);

enum { stress_pressure_mib = 192 };
