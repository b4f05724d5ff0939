// SPDX-License-Identifier: GPL-2.0
// A ready queue under a CPU and memory budget.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"

namespace pinrig::run {

struct Task {
  std::string name;
  int cpus = 1;              ///< of the budget; more than all of it counts as all of it
  std::uint64_t memory = 0;  ///< bytes of the budget
  int priority = 0;  ///< among ready tasks that fit the larger goes first, then the earlier in the list
  std::vector<std::size_t> after;  ///< indices of tasks that must have ended (well or not)
  /// Runs on a thread of its own, which lives until its children ended (PDEATHSIG is bound to the thread).
  std::function<void()> body;
};

struct Budget {
  int cpus = 1;
  std::uint64_t memory = 0;  ///< bytes; 0 = no limit
};

/// The budget of this machine: its CPUs, and the memory that is available now less a reserve for pinrig and
/// builds.
Budget machine_budget();

/// Runs all tasks and returns when none is left. After cancellation nothing new is started. `tick` is called
/// about twice a second from the calling thread while tasks run. What a task throws is thrown here, once
/// those that run have ended; no further one is started. A cycle in `after` is Fatal: a bug of ours.
void run_tasks(const std::vector<Task>& tasks, const Budget& budget, const CancelToken& cancel,
               const std::function<void()>& tick);

}  // namespace pinrig::run
