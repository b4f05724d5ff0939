// SPDX-License-Identifier: GPL-2.0
#include "assess/attempts.h"

#include <gtest/gtest.h>

namespace pinrig::assess {
namespace {

using model::Verdict;

Attempts attempts(int pass, int leak, int crash = 0) {
  Attempts a;
  for (int i = 0; i < pass; ++i) a.add(Verdict::pass);
  for (int i = 0; i < leak; ++i) a.add(Verdict::leak);
  for (int i = 0; i < crash; ++i) a.add(Verdict::crash);
  return a;
}

// Brown, Cai, DasGupta (2001) and every statistics program have these.
TEST(Wilson, HasTheKnownValues) {
  EXPECT_NEAR(wilson(3, 20).low, 0.0524, 1e-4);
  EXPECT_NEAR(wilson(3, 20).high, 0.3604, 1e-4);
  EXPECT_NEAR(wilson(0, 10).high, 0.2775, 1e-4);
  EXPECT_NEAR(wilson(10, 10).low, 0.7225, 1e-4);
}

TEST(Wilson, NoneAndAllEndAtTheBounds) {
  EXPECT_EQ(wilson(0, 10).low, 0);
  EXPECT_EQ(wilson(10, 10).high, 1);
  EXPECT_EQ(wilson(0, 0).low, 0);
  EXPECT_EQ(wilson(0, 0).high, 1);
}

TEST(Wilson, MoreAttemptsSayMore) {
  const auto few = wilson(1, 2), many = wilson(100, 200);
  EXPECT_LT(many.high - many.low, few.high - few.low);
}

TEST(AttemptsText, SaysHowSteadyItIs) {
  EXPECT_EQ(to_text("bio/a", attempts(17, 2, 1)),
            "bio/a: flaky, 3 of 20 failed (1 crash, 2 leak), rate 15 %, 95 % interval 5.2 to 36.0 %");
  EXPECT_EQ(to_text("bio/a", attempts(10, 0)),
            "bio/a: not reproduced, 0 of 10 failed, rate 0 %, 95 % interval 0.0 to 27.8 %");
  EXPECT_EQ(to_text("bio/a", attempts(0, 10)),
            "bio/a: fails every time, 10 of 10 failed (10 leak), rate 100 %, 95 % interval 72.2 to 100.0 %");
  EXPECT_EQ(to_text("bio/a", {}), "bio/a: no attempt came to an end");
}

TEST(Steadiness, SkipsAndExpectedFailuresAreNotRed) {
  Attempts a;
  a.add(Verdict::skip);
  a.add(Verdict::xfail);
  EXPECT_EQ(steadiness(a), Steadiness::steady_green);
  a.add(Verdict::missing);
  EXPECT_EQ(steadiness(a), Steadiness::flaky);
}

}  // namespace
}  // namespace pinrig::assess
