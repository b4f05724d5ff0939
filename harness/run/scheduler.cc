// SPDX-License-Identifier: GPL-2.0
#include "run/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "base/capacity.h"

namespace pinrig::run {
namespace {

// An exception that left a thread would end pinrig on the spot, with everything that runs.
std::exception_ptr run_body(const Task& task) {
  try {
    task.body();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace

struct Scheduler::Board {
  enum class State { waiting, running, ended };

  struct Entry {
    TaskId id;
    Task task;
    State state = State::waiting;
    int overtaken = 0;  // while it was ready and did not fit
  };

  Board(const Budget& b, Millis tick) : budget(b), tick_every(tick) {}

  bool is_ready(const Entry& e) const {
    return e.state == State::waiting && std::all_of(e.task.after.begin(), e.task.after.end(), [&](TaskId id) {
             return entries[id].state == State::ended;
           });
  }

  // Shares are cut to the whole budget in submit(), so that alone anything fits.
  bool fits(const Task& t) const {
    return used_milli_cpus + t.milli_cpus <= 1000 * budget.cpus &&
           used.build_slots + t.build_slots <= budget.build_slots &&
           (budget.memory == 0 || used.memory + t.memory <= budget.memory);
  }

  // The ready task to start now. One that does not fit is overtaken by those that do: otherwise a guest that
  // needs the whole machine would leave half of it idle until the running guest ends.
  Entry* choose() {
    Entry* best = nullptr;
    std::vector<Entry*> kept_out;
    for (auto& e : entries) {
      if (!is_ready(e)) continue;
      if (!fits(e.task)) {
        if (e.overtaken >= max_overtaken) return nullptr;
        kept_out.push_back(&e);
      } else if (best == nullptr || e.task.priority > best->task.priority) {
        best = &e;
      }
    }
    if (best == nullptr) return nullptr;
    for (auto* e : kept_out) {
      if (e->task.priority >= best->task.priority) ++e->overtaken;
    }
    return best;
  }

  void start(Entry& e) {
    e.state = State::running;
    ++running;
    count(e.task, 1);
    threads.emplace(e.id, std::jthread([this, &e] {
                      const std::exception_ptr thrown_here = run_body(e.task);
                      e.task.body = nullptr;  // and with it what it holds
                      const std::lock_guard guard(mutex);
                      if (!thrown) thrown = thrown_here;
                      e.state = State::ended;
                      --running;
                      count(e.task, -1);
                      ended.push_back(e.id);
                      changed.notify_all();
                    }));
  }

  void count(const Task& t, int sign) {
    used_milli_cpus += sign * t.milli_cpus;
    used.build_slots += sign * t.build_slots;
    used.memory = sign > 0 ? used.memory + t.memory : used.memory - t.memory;
  }

  // Threads that have nothing left to do but to return.
  std::vector<std::jthread> take_ended() {
    std::vector<std::jthread> out;
    for (const TaskId id : ended) {
      out.push_back(std::move(threads.at(id)));
      threads.erase(id);
    }
    ended.clear();
    return out;
  }

  const Budget budget;
  const Millis tick_every;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Entry> entries;  // references stay valid while it grows
  Budget used{0, 0, 0};
  int used_milli_cpus = 0;
  int running = 0;
  std::vector<TaskId> ended;               // whose threads are still to be joined
  std::exception_ptr thrown;               // by the first task that threw
  std::map<TaskId, std::jthread> threads;  // last: they are joined before the rest goes
};

Scheduler::Scheduler(const Budget& budget, Millis tick_every)
    : board_(std::make_unique<Board>(budget, tick_every)) {}
Scheduler::~Scheduler() = default;

TaskId Scheduler::submit(Task task) {
  Board& b = *board_;
  const std::lock_guard guard(b.mutex);
  const TaskId id = b.entries.size();
  for (const TaskId other : task.after) {
    if (other >= id)
      throw Fatal(fmt::format("task {} waits for task {}, which does not exist yet", task.name, other));
  }
  task.milli_cpus = std::clamp(task.milli_cpus, 0, 1000 * b.budget.cpus);
  task.build_slots = std::clamp(task.build_slots, 0, b.budget.build_slots);
  if (b.budget.memory != 0) task.memory = std::min(task.memory, b.budget.memory);
  b.entries.push_back({.id = id, .task = std::move(task)});
  b.changed.notify_all();
  return id;
}

void Scheduler::drain(const CancelToken& cancel, const std::function<void()>& tick) {
  Board& b = *board_;
  std::unique_lock lock(b.mutex);
  for (;;) {
    while (!cancel.requested() && !b.thrown) {
      Board::Entry* next = b.choose();
      if (next == nullptr) break;
      b.start(*next);
    }
    if (b.running == 0 && b.ended.empty()) break;
    if (b.ended.empty()) b.changed.wait_for(lock, b.tick_every);
    auto done = b.take_ended();
    lock.unlock();
    done.clear();
    tick();
    lock.lock();
  }
  if (b.thrown) std::rethrow_exception(b.thrown);
}

Budget machine_budget() {
  const Capacity c = capacity();
  constexpr std::uint64_t reserve = std::uint64_t{1} << 30;
  return {.cpus = c.cpus, .memory = c.memory > 2 * reserve ? c.memory - reserve : c.memory / 2};
}

Task build_task(std::string name, int jobs) {
  // Measured on 6.12: a compiler of the kernel takes some 70 MiB, few take more than 100; the link of
  // vmlinux and its symbol tables stay below 512 MiB as long as there is no debug information.
  constexpr std::uint64_t per_job = std::uint64_t{128} << 20;
  constexpr std::uint64_t link = std::uint64_t{512} << 20;
  return {.name = std::move(name),
          .milli_cpus = 1000 * std::max(1, jobs - 1),
          .memory = link + per_job * static_cast<std::uint64_t>(std::max(1, jobs)),
          .build_slots = 1};
}

int guest_milli_cpus(int vcpus) { return vcpus <= 1 ? 500 : 660 * (vcpus / 2); }

void run_tasks(const std::vector<Task>& tasks, const Budget& budget, const CancelToken& cancel,
               const std::function<void()>& tick) {
  Scheduler scheduler(budget);
  for (const auto& task : tasks) scheduler.submit(task);
  scheduler.drain(cancel, tick);
}

}  // namespace pinrig::run
