// SPDX-License-Identifier: GPL-2.0
#include "settle.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pinrig::agent {
namespace {

// A kernel whose counters follow a script of {from this time on, these values}; reading costs `read_ms`.
class Script : public Gauge {
 public:
  struct Step {
    double from_ms;
    Pins pins;
  };
  explicit Script(std::vector<Step> steps) : steps_(std::move(steps)) {}

  std::optional<Pins> read() override {
    ++reads;
    now_ += read_ms;
    std::optional<Pins> out;
    for (const auto& step : steps_) {
      if (step.from_ms <= now_) out = step.pins;
    }
    return out;
  }
  double now_ms() override { return now_; }
  void pause(double ms) override {
    longest_pause = std::max(longest_pause, ms);
    now_ += ms;
  }

  double read_ms = 0.5;
  double longest_pause = 0;
  int reads = 0;

 private:
  std::vector<Step> steps_;
  double now_ = 1000;
};

SettleRule rule(std::vector<std::int64_t> targets) {
  SettleRule r;
  r.targets = std::move(targets);
  r.at_target_ms = 4;
  r.elsewhere_ms = 1000;
  r.cap_ms = 2000;
  return r;
}

using Steps = std::vector<Script::Step>;

TEST(Settle, CountersThatNeverMovedNeedNoWaitAfterTheBoot) {
  auto at_boot = rule({0});
  at_boot.from_boot = true;
  Script untouched(Steps{{0, {0, 0}}});
  EXPECT_TRUE(settle(untouched, at_boot).settled);
  EXPECT_EQ(untouched.reads, 1);
  // A balance of nothing is not the same: something was pinned, and more may come back.
  Script moved(Steps{{0, {16, 16}}});
  settle(moved, at_boot);
  EXPECT_GE(moved.reads, 2);
}

TEST(Settle, ABalanceThatIsBackIsBelievedSoonButNotAtOnce) {
  Script kernel(Steps{{0, {116, 116}}});
  const auto s = settle(kernel, rule({0}));
  EXPECT_TRUE(s.available && s.settled);
  EXPECT_EQ(s.pins, (Pins{116, 116}));
  EXPECT_GE(kernel.reads, 2);
  EXPECT_GE(s.took_ms, 4);
  EXPECT_LT(s.took_ms, 10);
}

// Asynchronous end_io wakes the waiter before it unpins.
TEST(Settle, ALateReleaseIsWaitedFor) {
  Script kernel(Steps{{0, {16, 0}}, {1300, {16, 16}}});
  const auto s = settle(kernel, rule({0}));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(s.pins.released, 16);
  EXPECT_GE(s.took_ms, 300);
  EXPECT_LT(s.took_ms, 330);
}

TEST(Settle, AReleaseInStepsIsFollowedToItsEnd) {
  Script kernel(Steps{{0, {64, 0}}, {1400, {64, 16}}, {1800, {64, 32}}, {2600, {64, 64}}});
  const auto s = settle(kernel, rule({0}));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(s.pins.balance(), 0);
}

TEST(Settle, ALeakIsSettledOnlyAfterALongQuiet) {
  Script kernel(Steps{{0, {16, 0}}});
  const auto s = settle(kernel, rule({0}));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(s.pins.balance(), 16);
  EXPECT_GE(s.took_ms, 1000);
  EXPECT_LT(s.took_ms, 1020);
}

TEST(Settle, ABalanceThatPassesItsTargetDoesNotCount) {
  // Balanced for 2 ms on the way from a leak to an over-release.
  Script kernel(Steps{{0, {16, 0}}, {1010.9, {16, 16}}, {1012.9, {16, 32}}});
  const auto s = settle(kernel, rule({0}));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(s.pins.balance(), -16);
}

TEST(Settle, CountersThatNeverStandStillAreNotSettled) {
  std::vector<Script::Step> steps;
  for (int i = 0; i < 4000; ++i) steps.push_back({1000.0 + i, {i, i}});
  Script kernel(steps);
  const auto s = settle(kernel, rule({0}));
  EXPECT_TRUE(s.available);
  EXPECT_FALSE(s.settled);
  EXPECT_GE(s.took_ms, 2000);
  EXPECT_LT(s.took_ms, 2020);
}

TEST(Settle, EveryOneOfTheTargetsWillDo) {
  // Legacy direct I/O of 16 sections: released = acquired + 32.
  Script kernel(Steps{{0, {16, 48}}});
  EXPECT_LT(settle(kernel, rule({0, -32})).took_ms, 10);
  EXPECT_LT(settle(kernel, rule({-32, 0})).took_ms, 10);
  EXPECT_GE(settle(kernel, rule({0})).took_ms, 1000);
}

TEST(Settle, WithoutTargetsItIsTheQuietThatCounts) {
  Script kernel(Steps{{0, {5, 5}}});
  SettleRule quiet;
  quiet.elsewhere_ms = 30;
  const auto s = settle(kernel, quiet);
  EXPECT_TRUE(s.settled);
  EXPECT_GE(s.took_ms, 30);
  EXPECT_LT(s.took_ms, 45);
  EXPECT_GE(kernel.reads, 4);
}

TEST(Settle, TimeSinceAnEqualEarlierSampleCounts) {
  Script kernel(Steps{{0, {5, 5}}});
  SettleRule quiet;
  quiet.elsewhere_ms = 30;
  const auto s = settle(kernel, quiet, Standing{{5, 5}, 900});
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(kernel.reads, 1);
}

TEST(Settle, AnEarlierSampleThatDiffersDoesNot) {
  Script kernel(Steps{{0, {6, 6}}});
  SettleRule quiet;
  quiet.elsewhere_ms = 30;
  EXPECT_GE(settle(kernel, quiet, Standing{{5, 5}, 900}).took_ms, 30);
}

TEST(Settle, AKernelWithoutCountersIsNotZero) {
  Script kernel(Steps{});
  const auto s = settle(kernel, rule({0}));
  EXPECT_FALSE(s.available);
  EXPECT_FALSE(s.settled);
  EXPECT_EQ(kernel.reads, 1);
}

TEST(Settle, NeitherSpinsNorOversleeps) {
  Script kernel(Steps{{0, {16, 0}}});
  settle(kernel, rule({0}));
  EXPECT_LE(kernel.longest_pause, 10);
  EXPECT_LT(kernel.reads, 200);
}

}  // namespace
}  // namespace pinrig::agent
