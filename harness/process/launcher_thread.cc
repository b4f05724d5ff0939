// SPDX-License-Identifier: GPL-2.0
#include "process/launcher_thread.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "process/launch.h"

namespace pinrig::process {
namespace {

class LauncherThread {
 public:
  /// Never destroyed: threads may still start children while main returns.
  static LauncherThread& get() {
    static auto* const instance = new LauncherThread;
    return *instance;
  }

  void run(const std::function<void()>& job) {
    bool done = false;
    std::exception_ptr thrown;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !job_; });
    job_ = [&] {
      try {
        job();
      } catch (...) {
        thrown = std::current_exception();
      }
      done = true;
    };
    changed_.notify_all();
    changed_.wait(lock, [&] { return done; });
    if (thrown) std::rethrow_exception(thrown);
  }

 private:
  LauncherThread() : thread_([this] { work(); }) { thread_.detach(); }

  [[noreturn]] void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return static_cast<bool>(job_); });
      job_();
      job_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;
  std::thread thread_;
};

}  // namespace

void on_launcher_thread(const std::function<void()>& job) { LauncherThread::get().run(job); }

Result<Running> launch_for_good(const Command& command, const Stdio& stdio) {
  std::optional<Result<Running>> result;
  on_launcher_thread([&] { result.emplace(launch(command, stdio)); });
  return std::move(*result);
}

}  // namespace pinrig::process
