// SPDX-License-Identifier: GPL-2.0
#include "vm/host_tsc.h"

#include <gtest/gtest.h>

namespace pinrig::vm {
namespace {

// A kernel with HZ=250 on 2100 MHz says "lpj=8400000".
TEST(HostTsc, LoopsPerJiffyAsTheKernelReckonsThem) {
  EXPECT_EQ(loops_per_jiffy(2'100'000, 250), 8'400'000);
  EXPECT_EQ(loops_per_jiffy(3'000'001, 1000), 3'000'001);
}

TEST(HostTsc, UnknownStaysUnknown) {
  EXPECT_EQ(loops_per_jiffy(0, 250), 0);
  EXPECT_EQ(loops_per_jiffy(2'100'000, 0), 0);
}

// Nothing is asserted about the rate itself, but 0 or a processor's: 100 MHz to 10 GHz.
TEST(HostTsc, IsAProcessorsOrNone) {
  const TscWatch watch;
  volatile int work = 0;
  for (int i = 0; i < 2'000'000; ++i) work = work + 1;
  const auto khz = watch.khz();
  EXPECT_TRUE(khz == 0 || (khz > 100'000 && khz < 10'000'000)) << khz;
}

}  // namespace
}  // namespace pinrig::vm
