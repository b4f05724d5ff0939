// SPDX-License-Identifier: GPL-2.0
#include "watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "sys.h"

namespace pinrig::agent {

Watch::Once Watch::arm_once() {
  if (!once_) once_.reset(open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC));
  if (once_ && write(once_.get(), "1", 1) == 1) return Once::armed;
  const bool debugfs = read_file("/proc/filesystems").find("\tdebugfs\n") != std::string::npos;
  return debugfs ? Once::failed : Once::absent;
}

void Watch::show_all() { write_file("/sys/module/printk/parameters/ignore_loglevel", "Y"); }

void Watch::set_limit(std::uint64_t limit_ms) {
  const WatchLimits wanted = watch_limits(limit_ms);
  const auto set = [](const char* name, int value) {
    write_file(std::string("/proc/sys/kernel/") + name, std::to_string(value));
  };
  // The kernel stops reporting hung tasks after ten.
  if (set_ == WatchLimits{}) set("hung_task_warnings", -1);
  if (wanted.hung_task_s != set_.hung_task_s) {
    set("hung_task_check_interval_secs", wanted.hung_task_check_s);
    set("hung_task_timeout_secs", wanted.hung_task_s);
  }
  if (wanted.watchdog_s != set_.watchdog_s) set("watchdog_thresh", wanted.watchdog_s);
  set_ = wanted;
}

}  // namespace pinrig::agent
