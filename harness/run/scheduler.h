// SPDX-License-Identifier: GPL-2.0
// A ready queue under a budget of CPUs, memory and build slots, which takes tasks while it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/deadline.h"
#include "base/result.h"

namespace pinrig::run {

/// Counts up from 0 in the order in which a scheduler's tasks were submitted.
using TaskId = std::size_t;

struct Task {
  std::string name;
  // What it takes of the budget while it runs. More than all of a resource counts as all of it.
  int cpus = 1;
  std::uint64_t memory = 0;  ///< bytes
  int build_slots = 0;
  int priority = 0;  ///< among ready tasks that fit the larger goes first, then the one submitted first
  std::vector<TaskId> after;  ///< tasks that must have ended (well or not); they were submitted before
  /// Runs on a thread of its own, which lives until its children ended (PDEATHSIG is bound to the thread).
  std::function<void()> body;
};

struct Budget {
  int cpus = 1;
  std::uint64_t memory = 0;  ///< bytes; 0 = no limit
  int build_slots = 1;
};

/// The budget of this process: what its affinity and control groups leave it of the machine
/// (base/capacity.h), memory less a reserve of 1 GiB for pinrig itself. One build slot: the points of a base
/// share a worktree.
Budget machine_budget();

/// What a kernel build with make -j`jobs` takes: a build slot, memory for its compilers and the link, and
/// its CPUs but one, so that a guest, whose verdict is what people wait for, runs beside it.
Task build_task(std::string name, int jobs);

/// A task that does not fit is overtaken by those that do, but only this often: after that nothing starts
/// until it has.
inline constexpr int max_overtaken = 64;

class Scheduler {
 public:
  explicit Scheduler(const Budget& budget, Millis tick_every = Millis(500));
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// From any thread, at any time, also from the body of a task. `after` with an id that is not given yet is
  /// Fatal: tasks cannot wait for each other in a circle.
  TaskId submit(Task task);

  /// Runs what is and what will be submitted, and returns when nothing is left. Later submissions wait for
  /// the next call. After cancellation nothing new is started; it returns when what runs has ended. `tick` is
  /// called from the calling thread about that often. What a task throws is thrown here, once those that
  /// run have ended; no further one is started.
  void drain(const CancelToken& cancel, const std::function<void()>& tick);

 private:
  struct Board;
  std::unique_ptr<Board> board_;
};

/// Runs all tasks of a list; `after` holds indices of tasks that are earlier in it.
void run_tasks(const std::vector<Task>& tasks, const Budget& budget, const CancelToken& cancel,
               const std::function<void()>& tick);

}  // namespace pinrig::run
