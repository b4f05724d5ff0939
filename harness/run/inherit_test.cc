// SPDX-License-Identifier: GPL-2.0
#include "run/inherit.h"

#include <gtest/gtest.h>

namespace pinrig::run {
namespace {

/// Points 0 to 3 of a series of three patches.
std::vector<model::Kernel> points(model::Arch arch = model::Arch::x86_64, const std::string& config = "") {
  std::vector<model::Kernel> out(4);
  for (int n = 0; n < 4; ++n) {
    auto& k = out[static_cast<std::size_t>(n)];
    k.point.number = n;
    k.arch = arch;
    k.config.name = config;
    k.is_tip = n == 3;
  }
  return out;
}

TEST(EqualBefore, IsTheNearestPointWithTheSameCode) {
  EXPECT_EQ(equal_before(points(), {"a", "a", "", ""}, 1, false), 0U);
  EXPECT_EQ(equal_before(points(), {"a", "a", "a", ""}, 2, false), 1U) << "which has those of the base";
  EXPECT_EQ(equal_before(points(), {"a", "", "a", ""}, 2, false), 0U) << "the point between was not built";
}

TEST(EqualBefore, IsNoneWithOtherCode) {
  EXPECT_EQ(equal_before(points(), {"a", "b", "", ""}, 1, false), std::nullopt);
  EXPECT_EQ(equal_before(points(), {"a", "b", "a", ""}, 2, false), std::nullopt)
      << "a patch and its revert are two changes";
  EXPECT_EQ(equal_before(points(), {"", "", "", ""}, 1, false), std::nullopt) << "nothing is known";
  EXPECT_EQ(equal_before(points(), {"a", "", "", ""}, 0, false), std::nullopt) << "the base is the first";
}

TEST(EqualBefore, IsOfTheSameArchitectureAndConfiguration) {
  for (const auto& others : {points(model::Arch::aarch64), points(model::Arch::x86_64, "debug")}) {
    auto all = others;
    const auto own = points();
    all.insert(all.end(), own.begin(), own.end());
    EXPECT_EQ(equal_before(all, {"a", "a", "a", "a", "a", "", "", ""}, 4, false), std::nullopt);
  }
}

TEST(EqualBefore, IsNoneForATipWhoseTestsAreToldItsCapabilities) {
  EXPECT_EQ(equal_before(points(), {"a", "a", "a", "a"}, 3, true), std::nullopt);
  EXPECT_EQ(equal_before(points(), {"a", "a", "a", "a"}, 2, true), 1U);
  EXPECT_EQ(equal_before(points(), {"a", "a", "a", "a"}, 3, false), 2U);
}

}  // namespace
}  // namespace pinrig::run
