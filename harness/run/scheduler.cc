// SPDX-License-Identifier: GPL-2.0
#include "run/scheduler.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/text.h"

namespace pinrig::run {
namespace {

enum class State { waiting, running, ended };

struct Board {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<State> states;
  int cpus_used = 0;
  std::uint64_t memory_used = 0;
  std::exception_ptr thrown;  ///< by the first task that threw
};

// An exception that left a thread would end pinrig on the spot, with everything that runs.
std::exception_ptr run_body(const Task& task) {
  try {
    task.body();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

bool is_ready(const Task& task, const Board& board) {
  return std::all_of(task.after.begin(), task.after.end(),
                     [&](std::size_t i) { return board.states.at(i) == State::ended; });
}

bool fits(const Task& task, const Budget& budget, const Board& board) {
  if (board.cpus_used == 0) return true;  // alone, anything may run: a budget never blocks for ever
  return board.cpus_used + std::min(task.cpus, budget.cpus) <= budget.cpus &&
         (budget.memory == 0 || board.memory_used + task.memory <= budget.memory);
}

// The ready task to start now. One that does not fit is overtaken by those that do: a guest that wants the
// whole machine would else let half of it idle for as long as the guest that runs takes. The list of tasks
// has an end, so it is late, not starved.
std::optional<std::size_t> choose(const std::vector<Task>& tasks, const Budget& budget, const Board& board) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (board.states[i] != State::waiting || !is_ready(tasks[i], board) || !fits(tasks[i], budget, board))
      continue;
    if (!best || tasks[i].priority > tasks[*best].priority) best = i;
  }
  return best;
}

}  // namespace

Budget machine_budget() {
  Budget b;
  b.cpus = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const auto meminfo = read_file("/proc/meminfo");
  if (meminfo.has_error()) return b;
  for (const auto line : lines(*meminfo)) {
    if (!line.starts_with("MemAvailable:")) continue;
    const auto kib = std::strtoull(std::string(line.substr(13)).c_str(), nullptr, 10);
    constexpr std::uint64_t reserve_kib = 1 << 20;
    b.memory = (kib > 2 * reserve_kib ? kib - reserve_kib : kib / 2) * 1024;
  }
  return b;
}

void run_tasks(const std::vector<Task>& tasks, const Budget& budget, const CancelToken& cancel,
               const std::function<void()>& tick) {
  Board board;
  board.states.assign(tasks.size(), State::waiting);
  std::vector<std::jthread> threads;
  std::unique_lock lock(board.mutex);
  for (;;) {
    while (!cancel.requested() && !board.thrown) {
      const auto next = choose(tasks, budget, board);
      if (!next) break;
      const Task& task = tasks[*next];
      const int cpus = std::min(task.cpus, budget.cpus);
      board.states[*next] = State::running;
      board.cpus_used += cpus;
      board.memory_used += task.memory;
      threads.emplace_back([&board, &task, cpus, index = *next] {
        const std::exception_ptr thrown = run_body(task);
        const std::lock_guard guard(board.mutex);
        if (!board.thrown) board.thrown = thrown;
        board.states[index] = State::ended;
        board.cpus_used -= cpus;
        board.memory_used -= task.memory;
        board.changed.notify_all();
      });
    }
    const auto running = std::count(board.states.begin(), board.states.end(), State::running);
    if (running == 0) break;
    board.changed.wait_for(lock, std::chrono::milliseconds(500));
    lock.unlock();
    tick();
    lock.lock();
  }
  if (board.thrown) std::rethrow_exception(board.thrown);
  if (!cancel.requested() && std::count(board.states.begin(), board.states.end(), State::waiting) > 0)
    throw Fatal("tasks wait for each other in a circle");
}

}  // namespace pinrig::run
