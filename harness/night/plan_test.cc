// SPDX-License-Identifier: GPL-2.0
#include "night/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::night {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

model::NightStep step(const std::string& name) {
  model::NightStep s;
  s.name = name;
  s.spec = "full";
  return s;
}

TEST(Order, NewAndDoubtfulFirstThenTheLongest) {
  const std::vector<model::NightStep> steps{step("short"), step("long"), step("red"), step("new"),
                                            step("red2")};
  const std::map<std::string, Past> past{
      {"short", {10, false}}, {"long", {100, false}}, {"red", {5, true}}, {"red2", {50, true}}};
  EXPECT_THAT(order_of(steps, past), ElementsAre(4, 2, 3, 1, 0));
  EXPECT_THAT(order_of(steps, {}), ElementsAre(0, 1, 2, 3, 4)) << "nothing is known: as in the file";
}

TEST(Words, AreThoseOfTheCommandLine) {
  auto s = step("x");
  s.base = "debian-6.1";
  s.archs = {model::Arch::x86_64};
  s.tests = {"mm/a", "mm/b"};
  s.env = {{"stress/all", {{"PINRIG_STRESS_SECONDS", "600"}}, {}}};
  s.seeds = {"stress/all:PINRIG_STRESS_SEED"};
  s.debug = true;
  EXPECT_THAT(words_of(s, 7),
              ElementsAre("run", "full", "--base", "debian-6.1", "--arch", "x86_64", "--test", "mm/a",
                          "--test", "mm/b", "--env", "stress/all:PINRIG_STRESS_SECONDS=600", "--env",
                          "stress/all:PINRIG_STRESS_SEED=7", "--debug"));
  auto p = step("p");
  p.kind = model::NightStep::Kind::prove;
  p.tests = {"mm/a"};
  EXPECT_THAT(words_of(p, 7), ElementsAre("prove", "mm/a", "--run", "full"));
}

TEST(Seed, IsOfTheCommit) {
  EXPECT_EQ(seed_of("0000001f00ffee"), 31u);
  EXPECT_EQ(seed_of("ffffffff"), 0xffffffffu);
  EXPECT_EQ(seed_of(""), 0u);
  EXPECT_EQ(seed_of("no commit"), 0u);
  EXPECT_EQ(seed_of("1234567"), 0u) << "too short for an id";
}

model::NightSpec spec(const std::string& until, int hours = 10) {
  model::NightSpec out;
  out.until = until;
  out.hours = hours;
  out.disk_mib = 1024;
  return out;
}

constexpr std::int64_t evening = 20789LL * 86400 + 20 * 3600;  // 20:00 UTC
constexpr std::int64_t hour = 3600;

TEST(SecondsLeft, UntilTheNextSuchHour) {
  EXPECT_EQ(seconds_left(spec("06:30"), evening, evening), 10 * hour) << "hours: is nearer";
  EXPECT_EQ(seconds_left(spec("06:30", 24), evening, evening), 10.5 * hour);
  EXPECT_EQ(seconds_left(spec("06:30", 24), evening, evening + 10 * hour), 0.5 * hour);
  EXPECT_LT(seconds_left(spec("06:30", 24), evening, evening + 11 * hour), 0) << "not the next day's";
  EXPECT_EQ(seconds_left(spec("", 2), evening, evening), 2 * hour);
}

TEST(SecondsLeft, AClockThatJumpsGivesNoMoreThanTheWholeNight) {
  EXPECT_EQ(seconds_left(spec("06:30"), evening, evening - 365 * 24 * hour), 10 * hour);
  EXPECT_LT(seconds_left(spec("06:30"), evening, evening + 365 * 24 * hour), 0);
}

TEST(WhyNot, NamesTimeAndDisk) {
  constexpr std::uintmax_t gib = 1024ull * 1024 * 1024;
  EXPECT_EQ(why_not({100, false}, 200, gib, spec("")), "");
  EXPECT_EQ(why_not({}, 200, gib, spec("")), "") << "nobody knows how long it takes";
  EXPECT_THAT(why_not({300, false}, 200, gib, spec("")), HasSubstr("no time: it took 5m00s"));
  EXPECT_EQ(why_not({100, false}, 0, gib, spec("")), "the night is over");
  EXPECT_THAT(why_not({100, false}, 200, gib - 1, spec("")), HasSubstr("no disk"));
  EXPECT_EQ(limit_of(10), 3600);
  EXPECT_EQ(limit_of(7200), 7200);
}

}  // namespace
}  // namespace pinrig::night
