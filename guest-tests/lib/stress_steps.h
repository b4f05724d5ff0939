// SPDX-License-Identifier: GPL-2.0
// What the workers of a stress test do in a step (lib/workers.h). Each checks the data of what it did itself.
#pragma once

#include <stdbool.h>

#include "workers.h"

// Writes and reads a part of DRIVE_RAW directly, by system calls, AIO or io_uring, while it forks or pages
// out what is in flight. drive_pages() has to be known before it is started.
bool stress_transfer(struct draw* draw, unsigned number, struct worker_slot* slot);
// Registers a buffer with io_uring, transfers by it, and unregisters it or leaves that to the end of the
// ring.
bool stress_fixed(struct draw* draw, unsigned number, struct worker_slot* slot);
// Passes memory through pipes by vmsplice() and tee().
bool stress_pipe(struct draw* draw, unsigned number, struct worker_slot* slot);
// Forks, and both sides write to what they had in common.
bool stress_fork(struct draw* draw, unsigned number, struct worker_slot* slot);
// Pages out its own memory, drops caches, and takes up to stress_pressure_mib MiB for a moment.
bool stress_reclaim(struct draw* draw, unsigned number, struct worker_slot* slot);
// Has memory moved: compaction of all there is, move_pages() and collapses of its own.
bool stress_migrate(struct draw* draw, unsigned number, struct worker_slot* slot);

enum { stress_pressure_mib = 192 };
