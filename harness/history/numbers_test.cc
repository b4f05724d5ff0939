// SPDX-License-Identifier: GPL-2.0
#include "history/numbers.h"

#include <gtest/gtest.h>

namespace pinrig::history {
namespace {

constexpr auto claimed = static_cast<std::size_t>(Number::claimed);
constexpr auto wall = static_cast<std::size_t>(Number::wall_s);

std::vector<Measure> nights_of(std::size_t number, const std::vector<double>& values) {
  std::vector<Measure> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i][number] = values[i];
  return out;
}

/// `now`, then `n` nights that go up and down by `noise`.
std::vector<double> noisy(double now, std::size_t n, double level, double noise) {
  std::vector<double> out{now};
  for (std::size_t i = 0; i < n; ++i) out.push_back(i % 2 == 0 ? level : level * (1 + noise));
  return out;
}

std::size_t changes(std::size_t number, const std::vector<double>& values) {
  return changed_numbers(0, "a/b", nights_of(number, values), 1).size();
}

TEST(Numbers, AnyChangeOfAnExactOneCounts) {
  EXPECT_EQ(changes(claimed, {8, 8, 8}), 0u);
  EXPECT_EQ(changes(claimed, {9, 8, 8}), 1u);
  EXPECT_EQ(changes(claimed, {9}), 0u) << "nothing before it";
  EXPECT_EQ(changes(claimed, {9, 8, 7}), 0u) << "it varies anyway";
  EXPECT_EQ(changes(claimed, noisy(200, 30, 100, 0.02)), 1u) << "but not that much";
}

TEST(Numbers, ANightWithoutTheNumberIsPassedOver) {
  auto nights = nights_of(claimed, {9, 0, 8});
  nights[1][claimed].reset();
  const auto found = changed_numbers(0, "a/b", nights, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].before, 8);
}

TEST(Numbers, ANoisyOneHasToBeatItsOwnNoise) {
  EXPECT_EQ(changes(wall, noisy(20, 30, 10, 0.02)), 1u);
  EXPECT_EQ(changes(wall, noisy(10.3, 30, 10, 0.02)), 0u) << "below 5 %";
  EXPECT_EQ(changes(wall, noisy(20, 30, 10, 1.0)), 0u) << "it doubles every second night";
  EXPECT_EQ(changes(wall, noisy(5, 30, 10, 0.02)), 1u) << "faster is news as well";
}

TEST(Numbers, FewNightsSayLess) {
  EXPECT_EQ(changes(wall, noisy(20, 9, 10, 0.02)), 0u);
  EXPECT_EQ(changes(wall, noisy(20, 10, 10, 0.02)), 1u);
  EXPECT_EQ(changes(wall, noisy(12, 29, 10, 0.02)), 0u) << "at least 25 % below 30 nights";
  EXPECT_EQ(changes(wall, noisy(12, 30, 10, 0.02)), 1u);
}

TEST(Numbers, SmallTimesAreNoNews) {
  EXPECT_EQ(changes(wall, noisy(0.25, 30, 0.1, 0.02)), 0u) << "below 0.2 s";
  EXPECT_EQ(changes(wall, noisy(0.35, 30, 0.1, 0.02)), 1u);
}

TEST(Numbers, TheFenceIsThatOfTheQuartiles) {
  EXPECT_FALSE(noise_fence(std::vector<double>(9, 1.0)));
  EXPECT_DOUBLE_EQ(*noise_fence(std::vector<double>(10, 1.0)), 0.25);
  EXPECT_DOUBLE_EQ(*noise_fence(std::vector<double>(30, 1.0)), 0.0);
}

TEST(Numbers, HaveWordsAndUnits) {
  for (const auto n : numbers) {
    EXPECT_STRNE(to_string(n), "?");
    EXPECT_EQ(std::string(unit_of(n)).empty(), n == Number::cases);
  }
  EXPECT_TRUE(is_exact(Number::outstanding));
  EXPECT_FALSE(is_exact(Number::settle_ms));
}

}  // namespace
}  // namespace pinrig::history
