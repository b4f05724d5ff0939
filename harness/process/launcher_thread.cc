// SPDX-License-Identifier: GPL-2.0
// PR_SET_PDEATHSIG speaks of the thread that forked, not of its process (forget_original_parent() in
// kernel/exit.c goes through the children of the thread that ends): a Child started by a worker would be
// killed when that worker ends. So they are all started by one thread that never does.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
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

  Result<Running> launch(const Command& command, const Stdio& stdio) {
    std::optional<Result<Running>> result;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !job_; });
    job_ = [&] { result.emplace(process::launch(command, stdio)); };
    changed_.notify_all();
    changed_.wait(lock, [&] { return result.has_value(); });
    return std::move(*result);
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

Result<Running> launch_for_good(const Command& command, const Stdio& stdio) {
  return LauncherThread::get().launch(command, stdio);
}

}  // namespace pinrig::process
