// SPDX-License-Identifier: GPL-2.0
// The kernel's own detectors during a test: one-time warnings, hung tasks, soft lockups.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"
#include "watch_limits.h"

namespace pinrig::agent {

class Watch {
 public:
  /// Before a test: WARN_ONCE and similar can warn again (kernel/panic.c, clear_warn_once_set()). `absent`:
  /// a kernel without debugfs has no such file; `failed`: it has debugfs, and yet the file cannot be written.
  enum class Once { armed, absent, failed };
  Once arm_once();
  /// Makes the kernel print every message on the console, whatever its level (kernel/printk/printk.c,
  /// suppress_message_printing()): a test may have changed /proc/sys/kernel/printk.
  void show_all();
  /// Makes the detectors report within that time. Skips what the kernel does not have; they are written only
  /// when they change, since that stops the CPUs (kernel/watchdog.c, lockup_detector_reconfigure()).
  void set_limit(std::uint64_t limit_ms);

 private:
  UniqueFd once_;  ///< kept open: a test may unmount debugfs
  WatchLimits set_;
};

}  // namespace pinrig::agent
