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
  // Its share of the budget while it runs. More than all of a resource counts as all of it.
  int milli_cpus = 1000;     ///< thousandths of a CPU
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

/// The budget of this process: its affinity and control group limits
/// (base/capacity.h), memory less a reserve of 1 GiB for pinrig itself. One build slot: the points of a base
/// share a worktree.
Budget machine_budget();

/// A kernel build with make -j`jobs`: a build slot, memory for its compilers and the link, and one CPU less
/// than it has compilers, so that a guest, whose verdict people wait for, can run in parallel.
Task build_task(std::string name, int jobs);

/// A task that does not fit is overtaken by those that do, but only this often: after that nothing starts
/// before it.
inline constexpr int max_overtaken = 64;

class Scheduler {
 public:
  explicit Scheduler(const Budget& budget, Millis tick_every = Millis(500));
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// From any thread, at any time, also from the body of a task. `after` with an id that is not given yet is
  /// Fatal: tasks cannot wait for each other in a cycle.
  TaskId submit(Task task);

  /// Runs all submitted tasks, also those submitted meanwhile, and returns when none is left. Later
  /// submissions wait for the next call. After cancellation nothing new is started; it returns when the
  /// running ones have ended. `tick` is called from the calling thread about that often. An exception of a
  /// task is rethrown here, once the running ones have ended; no further one is started.
  void drain(const CancelToken& cancel, const std::function<void()>& tick);

 private:
  struct Board;
  std::unique_ptr<Board> board_;
};

/// What a guest with `vcpus` takes of the host, in thousandths of a CPU. Under TCG a vCPU is a thread that is
/// idle a part of the time, the second one of a guest most of it: two CPUs of the host are busy with three
/// guests of two vCPUs, or four of one (measured: full, 6.12, arm64: 94 % of both; with two of two and three
/// of one, 85 %).
int guest_milli_cpus(int vcpus);

/// Runs all tasks of a list; `after` holds indices of tasks that are earlier in it.
void run_tasks(const std::vector<Task>& tasks, const Budget& budget, const CancelToken& cancel,
               const std::function<void()>& tick);

}  // namespace pinrig::run
