// SPDX-License-Identifier: GPL-2.0
// The kernel's own watch over a test: warnings that come once, tasks that hang, processors that do not get
// on.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"
#include "watch_limits.h"

namespace pinrig::agent {

class Watch {
 public:
  /// Before a test: WARN_ONCE and its like may warn again (kernel/panic.c, clear_warn_once_set()). False when
  /// this kernel has no such file, or debugfs is not mounted yet.
  bool arm_once();
  /// The detectors are to report within that time. What a kernel does not have is left alone; they are
  /// written only when they change, since the processors are stopped for it (kernel/watchdog.c,
  /// lockup_detector_reconfigure()).
  void set_limit(std::uint64_t limit_ms);

 private:
  UniqueFd once_;  ///< kept open: a test may unmount debugfs
  WatchLimits set_;
};

}  // namespace pinrig::agent
