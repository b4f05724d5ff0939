// SPDX-License-Identifier: GPL-2.0
// When the kernel's detectors report. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pinrig::agent {

/// Seconds, for files of /proc/sys/kernel; 0 = not set.
struct WatchLimits {
  int hung_task_s = 0;        ///< hung_task_timeout_secs: a task in state D for this long is reported
  int hung_task_check_s = 0;  ///< hung_task_check_interval_secs: interval of the checks
  int watchdog_s = 0;         ///< watchdog_thresh: a soft lockup is twice that (kernel/watchdog.c)
  bool operator==(const WatchLimits&) const = default;
};

/// For a test with that limit, which is scaled to host and kernel, and so are the detectors. A hung task is
/// found between T and T + 2 checks after it went to sleep (kernel/hung_task.c, check_hung_task(), has to see
/// it twice), a soft lockup after twice the threshold: both by 3/4 of the limit, and as late as that allows,
/// so that a busy host causes no finding. The kernel's defaults, 120 s and 10 s, bound them where limits are
/// long, 5 s where they are short.
inline WatchLimits watch_limits(std::uint64_t limit_ms) {
  const int limit_s = static_cast<int>(std::min<std::uint64_t>(limit_ms / 1000, 1'000'000));
  WatchLimits out;
  out.hung_task_s = std::clamp(limit_s / 2, 5, 120);
  out.hung_task_check_s = std::max(1, out.hung_task_s / 4);
  out.watchdog_s = std::clamp(limit_s * 3 / 8, 5, 60);
  return out;
}

}  // namespace pinrig::agent
