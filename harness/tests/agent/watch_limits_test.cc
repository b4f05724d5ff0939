// SPDX-License-Identifier: GPL-2.0
#include "watch_limits.h"

#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

TEST(WatchLimits, ReportWithinTheTestsLimit) {
  for (const int limit_s : {20, 30, 60, 90, 240, 3600}) {
    const WatchLimits w = watch_limits(static_cast<std::uint64_t>(limit_s) * 1000);
    EXPECT_LE(w.hung_task_s + 2 * w.hung_task_check_s, limit_s) << limit_s;
    EXPECT_LT(2 * w.watchdog_s, limit_s) << limit_s;
  }
}

TEST(WatchLimits, GrowWithItAndKeepTheirBounds) {
  EXPECT_EQ(watch_limits(0), (WatchLimits{5, 1, 5}));
  EXPECT_EQ(watch_limits(20'000), (WatchLimits{10, 2, 7}));
  EXPECT_EQ(watch_limits(60'000), (WatchLimits{30, 7, 22}));
  EXPECT_EQ(watch_limits(UINT64_MAX), (WatchLimits{120, 30, 60}));  // sixty is watchdog_thresh's maximum
}

}  // namespace
}  // namespace pinrig::agent
