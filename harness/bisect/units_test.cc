// SPDX-License-Identifier: GPL-2.0
#include "bisect/units.h"

#include <gtest/gtest.h>

#include "bisect/testing.h"

namespace pinrig::bisect {
namespace {

constexpr Seen red = Seen::red;
constexpr Seen clean = Seen::clean;

std::vector<Observation> guest(const std::string& run, int point, const std::vector<Seen>& runs) {
  std::vector<Observation> out;
  for (const auto s : runs) out.push_back({point, s, Purpose::calibrate, 0, run, ""});
  return out;
}

std::vector<Observation> all(const std::vector<std::vector<Observation>>& guests) {
  std::vector<Observation> out;
  for (const auto& g : guests) out.insert(out.end(), g.begin(), g.end());
  return out;
}

TEST(Units, GuestsThatAreAllRedOrAllCleanAreTheUnit) {
  const auto seen = all({guest("a", 4, {red, red, red}), guest("b", 4, {clean, clean})});
  EXPECT_EQ(unit_of(series_of(4), seen), Unit::boot);
}

TEST(Units, AGuestWithBothAnswersMakesRunsTheUnit) {
  const auto seen = all({guest("a", 4, {red, red}), guest("b", 4, {clean}), guest("c", 4, {red, clean})});
  EXPECT_EQ(unit_of(series_of(4), seen), Unit::run);
}

TEST(Units, SingleRunsShowNothing) {
  const auto seen = all({guest("a", 4, {red}), guest("b", 4, {clean}), guest("c", 4, {clean})});
  EXPECT_EQ(unit_of(series_of(4), seen), Unit::run);
}

TEST(Units, CleanGuestsOfCleanPointsAndTheRevertedTipDoNotCount) {
  auto seen = all({guest("a", 4, {red, red}), guest("b", 1, {clean, clean})});
  seen.push_back({reverted_point, clean, Purpose::revert, 0, "c", ""});
  EXPECT_EQ(unit_of(series_of(4), seen), Unit::run);
}

TEST(Units, AGuestIsRedIfAnyOfItsRunsIs) {
  const auto seen = all({guest("a", 4, {clean, red, clean}), guest("b", 3, {Seen::other, clean}),
                         guest("c", 2, {Seen::infra, Seen::other}), guest("", 1, {clean, clean})});
  const auto out = by_guest(seen);
  ASSERT_EQ(out.size(), 5U);
  EXPECT_EQ(out[0].seen, red);
  EXPECT_EQ(out[1].seen, clean);
  EXPECT_EQ(out[2].seen, Seen::other);
  EXPECT_EQ(out[3].point, 1);
}

}  // namespace
}  // namespace pinrig::bisect
