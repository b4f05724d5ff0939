// SPDX-License-Identifier: GPL-2.0
#include "vm/room.h"

#include <gtest/gtest.h>

namespace pinrig::vm {
namespace {

using namespace std::chrono_literals;

TEST(FullDisks, OneThatWasFullWhileAGuestRanCounts) {
  FullDisks disks;
  const Clock::time_point start{10s};
  EXPECT_FALSE(disks.any_since(1, start)) << "nobody looked";
  disks.saw(1, start - 1ms);
  EXPECT_FALSE(disks.any_since(1, start)) << "before the guest";
  disks.saw(1, start + 1ms);
  EXPECT_TRUE(disks.any_since(1, start));
  EXPECT_FALSE(disks.any_since(2, start)) << "another disk";
}

TEST(FullDisks, AnEarlierLookDoesNotReplaceALaterOne) {
  FullDisks disks;
  disks.saw(1, Clock::time_point{20s});
  disks.saw(1, Clock::time_point{5s});
  EXPECT_TRUE(disks.any_since(1, Clock::time_point{15s}));
}

}  // namespace
}  // namespace pinrig::vm
