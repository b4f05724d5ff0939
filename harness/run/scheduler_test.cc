// SPDX-License-Identifier: GPL-2.0
#include "run/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace pinrig::run {
namespace {

struct Recorder {
  std::mutex mutex;
  std::vector<std::string> order;
  Task task(std::string name, int cpus = 1, std::vector<std::size_t> after = {}, int priority = 0) {
    return Task{.name = name,
                .milli_cpus = 1000 * cpus,
                .priority = priority,
                .after = std::move(after),
                .body = [this, name] {
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

// Counts how many bodies are inside at once. A body stays until the scheduler has had its chance to start
// everything else that it would start: it ticks only after that.
class Crowd {
 public:
  std::function<void()> body() {
    return [this] {
      std::unique_lock lock(mutex_);
      most_ = std::max(most_, ++now_);
      const int entered = ticks_;
      EXPECT_TRUE(ticked_.wait_for(lock, std::chrono::minutes(1), [&] { return ticks_ > entered + 1; }));
      --now_;
    };
  }
  std::function<void()> tick() {
    return [this] {
      const std::lock_guard guard(mutex_);
      ++ticks_;
      ticked_.notify_all();
    };
  }
  int most() const { return most_; }

 private:
  std::mutex mutex_;
  std::condition_variable ticked_;
  int ticks_ = 0;
  int now_ = 0;
  int most_ = 0;
};

int max_at_once(const Task& share, const Budget& budget) {
  const CancelToken cancel;
  Crowd crowd;
  Scheduler scheduler(budget, Millis(20));
  for (int i = 0; i < 4; ++i) {
    Task task = share;
    task.body = crowd.body();
    scheduler.submit(std::move(task));
  }
  scheduler.drain(cancel, crowd.tick());
  return crowd.most();
}

TEST(Scheduler, BudgetsAreKept) {
  const Budget budget{.cpus = 8, .memory = 1000, .build_slots = 2};
  EXPECT_EQ(max_at_once({.milli_cpus = 1000}, budget), 4)
      << "nothing stands against it: the count sees them all";
  EXPECT_EQ(max_at_once({.milli_cpus = 1000, .memory = 600}, budget), 1)
      << "two of 600 bytes do not fit in 1000";
  EXPECT_EQ(max_at_once({.milli_cpus = 4000}, budget), 2);
  EXPECT_EQ(max_at_once({.milli_cpus = 1000, .build_slots = 1}, budget), 2);
  EXPECT_EQ(max_at_once({.milli_cpus = 2600}, budget), 3) << "8,000 thousandths hold three of 2,600";
}

TEST(Scheduler, WithoutAMemoryLimitMemoryIsNotCounted) {
  EXPECT_EQ(max_at_once({.milli_cpus = 1000, .memory = std::uint64_t{1} << 62}, {.cpus = 8, .memory = 0}), 4);
}

TEST(Scheduler, ATaskSubmitsOthersWhileItRuns) {
  Recorder r;
  const CancelToken cancel;
  Scheduler scheduler({.cpus = 1});
  scheduler.submit({.name = "first", .body = [&] {
                      const TaskId a = scheduler.submit(r.task("a"));
                      scheduler.submit(r.task("b", 1, {a}, 5));
                    }});
  scheduler.drain(cancel, [] {});
  EXPECT_EQ(r.order, (std::vector<std::string>{"a", "b"}));
}

TEST(Scheduler, WhoeverSubmitsFromOutsideNeedsNoTaskToEnd) {
  const CancelToken cancel;
  Scheduler scheduler({.cpus = 2});
  std::mutex mutex;
  std::condition_variable changed;
  bool is_in = false;
  bool second_ran = false;
  scheduler.submit({.name = "first", .body = [&] {
                      std::unique_lock lock(mutex);
                      is_in = true;
                      changed.notify_all();
                      EXPECT_TRUE(
                          changed.wait_for(lock, std::chrono::minutes(1), [&] { return second_ran; }));
                    }});
  std::thread outside([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_in; });
    lock.unlock();
    scheduler.submit({.name = "second", .body = [&] {
                        const std::lock_guard guard(mutex);
                        second_ran = true;
                        changed.notify_all();
                      }});
  });
  scheduler.drain(cancel, [] {});
  outside.join();
  EXPECT_TRUE(second_ran);
}

TEST(Scheduler, DrainsAgainWhatIsSubmittedLater) {
  Recorder r;
  const CancelToken cancel;
  Scheduler scheduler({.cpus = 1});
  const TaskId a = scheduler.submit(r.task("a"));
  scheduler.drain(cancel, [] {});
  scheduler.submit(r.task("b", 1, {a}));
  EXPECT_EQ(r.order.size(), 1U);
  scheduler.drain(cancel, [] {});
  EXPECT_EQ(r.order.size(), 2U);
}

TEST(Scheduler, ALargeTaskIsNotOvertakenForEver) {
  Recorder r;
  const CancelToken cancel;
  Scheduler scheduler({.cpus = 2}, Millis(20));
  std::condition_variable ticked;
  std::size_t seen = 0;
  int quiet = 0;  // ticks without a new small task
  // One CPU is taken for as long as small tasks, each submitted by the one before, still start.
  scheduler.submit({.name = "holder", .body = [&] {
                      std::unique_lock lock(r.mutex);
                      EXPECT_TRUE(ticked.wait_for(lock, std::chrono::minutes(1), [&] { return quiet > 2; }));
                    }});
  scheduler.submit(r.task("large", 2));
  std::function<void()> small = [&] {
    const std::lock_guard guard(r.mutex);
    r.order.push_back("small");
    if (r.order.size() < 4 * max_overtaken) scheduler.submit({.name = "small", .body = small});
  };
  scheduler.submit({.name = "small", .body = small});
  scheduler.drain(cancel, [&] {
    const std::lock_guard guard(r.mutex);
    quiet = r.order.size() == seen ? quiet + 1 : 0;
    seen = r.order.size();
    ticked.notify_all();
  });
  const auto before = std::find(r.order.begin(), r.order.end(), "large") - r.order.begin();
  EXPECT_EQ(before, max_overtaken);
  EXPECT_EQ(r.order.size(), 4 * max_overtaken + 0U) << "the others go on behind it";
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
             Task{.name = "large", .milli_cpus = 2000, .body = [&] { large_ran = true; }},
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

TEST(Scheduler, WaitingForATaskThatIsNotThereYetIsABug) {
  Recorder r;
  const CancelToken cancel;
  EXPECT_THROW(run_tasks({r.task("a", 1, {1}), r.task("b", 1, {0})}, {.cpus = 2}, cancel, [] {}), Fatal);
  EXPECT_THROW(run_tasks({r.task("itself", 1, {0})}, {.cpus = 2}, cancel, [] {}), Fatal);
}

TEST(Scheduler, ABuildCountsItsCompilers) {
  const Task build = build_task("build", 8);
  EXPECT_EQ(build.milli_cpus, 7000) << "all but one, for a guest";
  EXPECT_GE(build.memory, std::uint64_t{8} * 100 << 20);
  EXPECT_EQ(build.build_slots, 1);
  EXPECT_EQ(build_task("build", 1).milli_cpus, 1000);
}

}  // namespace
}  // namespace pinrig::run
