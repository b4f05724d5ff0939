// SPDX-License-Identifier: GPL-2.0
#include "run/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace pinrig::run {
namespace {

struct Recorder {
  std::mutex mutex;
  std::vector<std::string> order;
  Task task(std::string name, int cpus = 1, std::vector<std::size_t> after = {}, int priority = 0) {
    return Task{
        .name = name, .cpus = cpus, .priority = priority, .after = std::move(after), .body = [this, name] {
          const std::lock_guard guard(mutex);
          order.push_back(name);
        }};
  }
};

TEST(Scheduler, OrderOfDependenciesAndPriorityOnOneCpu) {
  Recorder r;
  const CancelToken cancel;
  // A guest (priority 1) that becomes ready goes before the next build.
  run_tasks(
      {r.task("build-a"), r.task("build-b"), r.task("guest-a", 1, {0}, 1), r.task("guest-b", 1, {1}, 1)},
      {.cpus = 1}, cancel, [] {});
  EXPECT_EQ(r.order, (std::vector<std::string>{"build-a", "guest-a", "build-b", "guest-b"}));
}

TEST(Scheduler, TwoThatFitRunAtTheSameTime) {
  const CancelToken cancel;
  std::mutex mutex;
  std::condition_variable met;
  int inside = 0;
  const auto meet = [&] {
    std::unique_lock lock(mutex);
    ++inside;
    met.notify_all();
    EXPECT_TRUE(met.wait_for(lock, std::chrono::seconds(10), [&] { return inside == 2; }));
  };
  run_tasks({Task{.name = "a", .body = meet}, Task{.name = "b", .body = meet}}, {.cpus = 2}, cancel, [] {});
}

TEST(Scheduler, BudgetsAreKept) {
  const CancelToken cancel;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::vector<Task> tasks;
  for (int i = 0; i < 12; ++i) {
    tasks.push_back(Task{.name = "t", .cpus = 1, .memory = 600, .body = [&] {
                           const int n = ++now;
                           int seen = most;
                           while (n > seen && !most.compare_exchange_weak(seen, n)) {
                           }
                           --now;
                         }});
  }
  run_tasks(tasks, {.cpus = 8, .memory = 1000}, cancel, [] {});
  EXPECT_EQ(most, 1) << "two of 600 bytes do not fit in 1000";
}

TEST(Scheduler, ATaskLargerThanTheBudgetStillRunsAlone) {
  Recorder r;
  const CancelToken cancel;
  run_tasks({r.task("huge", 64)}, {.cpus = 2}, cancel, [] {});
  EXPECT_EQ(r.order.size(), 1u);
}

TEST(Scheduler, WhatDoesNotFitIsOvertakenAndStillRuns) {
  const CancelToken cancel;
  std::mutex mutex;
  std::condition_variable changed;
  int small_ones = 0;
  bool large_ran = false;
  // The first stays until both small ones, behind the large one in the list, have run beside it.
  const auto first = [&] {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return small_ones == 2; }));
  };
  const auto small = [&] {
    const std::lock_guard guard(mutex);
    ++small_ones;
    changed.notify_all();
  };
  run_tasks({Task{.name = "first", .priority = 1, .body = first},
             Task{.name = "large", .cpus = 2, .body = [&] { large_ran = true; }},
             Task{.name = "a", .body = small}, Task{.name = "b", .body = small}},
            {.cpus = 2}, cancel, [] {});
  EXPECT_TRUE(large_ran);
}

TEST(Scheduler, WhatATaskThrowsReachesTheCallerAndStopsTheRest) {
  Recorder r;
  const CancelToken cancel;
  std::vector<Task> tasks{Task{.name = "a", .body = [] { throw Fatal("broken"); }}, r.task("b", 1, {0})};
  EXPECT_THROW(run_tasks(tasks, {.cpus = 2}, cancel, [] {}), Fatal);
  EXPECT_TRUE(r.order.empty());
}

TEST(Scheduler, NothingStartsAfterCancellation) {
  Recorder r;
  const CancelToken cancel;
  std::vector<Task> tasks{Task{.name = "a", .body = [&] { cancel.request(); }}, r.task("b", 1, {0})};
  run_tasks(tasks, {.cpus = 2}, cancel, [] {});
  EXPECT_TRUE(r.order.empty());
}

TEST(Scheduler, ACircleIsABug) {
  Recorder r;
  const CancelToken cancel;
  EXPECT_THROW(run_tasks({r.task("a", 1, {1}), r.task("b", 1, {0})}, {.cpus = 2}, cancel, [] {}), Fatal);
}

}  // namespace
}  // namespace pinrig::run
