// SPDX-License-Identifier: GPL-2.0
#include "case_pins.h"

#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

TEST(CasePins, CountsResultLinesOfTheOutermostPlanOnly) {
  CasePins pins;
  EXPECT_FALSE(pins.feed("TAP version 13\n1..3\n# ok, begin\nokay\n    ok 1 nested\n"));
  EXPECT_FALSE(pins.feed("o"));
  EXPECT_FALSE(pins.feed("k 1 first"));
  EXPECT_TRUE(pins.feed("\n"));
  EXPECT_TRUE(pins.feed("not ok 2 second\nok 3 third\n"));
  pins.note(0);
  EXPECT_TRUE(pins.left(0).empty());
}

TEST(CasePins, NamesTheCasesInWhichTheBalanceRoseForGood) {
  CasePins pins;
  pins.note(10);  // left by earlier tests
  pins.feed("ok 1 a\n");
  pins.note(10);
  pins.feed("ok 2 b\n");
  pins.note(10 + 16 + 3);  // 3 of them are of a case that goes on
  pins.feed("ok 3 c\nok 4 d\n");
  pins.note(10 + 16);
  pins.feed("ok 5 e\n");
  pins.note(10 + 16 + 2);
  const auto left = pins.left(10 + 18);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].first, 2);
  EXPECT_EQ(left[0].last, 2);
  EXPECT_EQ(left[0].pages, 16);
  EXPECT_EQ(left[1].first, 5);
  EXPECT_EQ(left[1].last, 5);
  EXPECT_EQ(left[1].pages, 2);
}

TEST(CasePins, WhatIsReleasedAfterTheTestWasNotLeft) {
  CasePins pins;
  pins.note(0);
  pins.feed("ok 1 a\n");
  pins.note(16);
  EXPECT_TRUE(pins.left(0).empty());
  EXPECT_TRUE(pins.left(-4).empty()) << "an over-release is not of a case";
}

}  // namespace
}  // namespace pinrig::agent
