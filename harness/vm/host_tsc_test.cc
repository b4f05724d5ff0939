// SPDX-License-Identifier: GPL-2.0
#include "vm/host_tsc.h"

#include <gtest/gtest.h>

#include "base/file.h"

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

TEST(HostTsc, RateOfACounter) {
  EXPECT_EQ(khz_of(1'050'000'000, 500'000'000), 2'100'000);
  EXPECT_EQ(khz_of(1, 0), 0);
  EXPECT_EQ(khz_of(1, -5), 0);
}

// The rate itself is the host's; that there is one is what its kernel says of the counter.
TEST(HostTsc, IsThereWhereTheCounterIsAClock) {
  const TscWatch watch;
  volatile int work = 0;
  for (int i = 0; i < 2'000'000; ++i) work = work + 1;
  const auto cpuinfo = read_file("/proc/cpuinfo");
  ASSERT_TRUE(cpuinfo.has_value());
  const bool is_clock = cpuinfo->find(" constant_tsc ") != std::string::npos &&
                        cpuinfo->find(" nonstop_tsc ") != std::string::npos;
  const auto khz = watch.khz();
  if (!is_clock) {
    EXPECT_EQ(khz, 0);
    return;
  }
  EXPECT_GT(khz, 100'000);
  EXPECT_LT(khz, 10'000'000);
}

}  // namespace
}  // namespace pinrig::vm
