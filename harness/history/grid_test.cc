// SPDX-License-Identifier: GPL-2.0
#include "history/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/testing.h"

namespace pinrig::history {
namespace {

using ::testing::ElementsAre;

constexpr const char* nights =
    "x86_64 a/green  ............\n"
    "x86_64 a/flaky  .F.F.F......\n"
    "x86_64 a/red    FFFF........\n"
    "x86_64 a/old    .FFFF.......\n"
    "x86_64 a/stale  __________F.\n"
    "x86_64 a/red:c  FFFF........\n"
    "x86_64 b/error  !...........\n";

std::vector<std::string> names(const Grid& g) {
  std::vector<std::string> out;
  for (const auto& r : g.rows) out.push_back(to_string(r.name));
  return out;
}

TEST(Grid, RedNowThenByFlipsThenByName) {
  const Grid g = grid(draw(nights), {});
  EXPECT_THAT(names(g), ElementsAre("a/red", "a/flaky", "a/old", "b/error"));
  EXPECT_EQ(g.quiet, 1u);
  EXPECT_EQ(g.stale, 1u);
  EXPECT_EQ(g.rows[0].since, 3u);
  EXPECT_EQ(g.rows[0].cells.size(), 12u);
}

TEST(Grid, EverythingWhenAsked) {
  const Grid g = grid(draw(nights), {.all = true});
  EXPECT_EQ(g.rows.size(), 6u);
  EXPECT_EQ(g.quiet + g.stale, 0u);
}

TEST(Grid, CasesAndPatterns) {
  EXPECT_THAT(names(grid(draw(nights), {.tests = "a/red*", .cases = true})), ElementsAre("a/red", "a/red:c"));
  EXPECT_THAT(names(grid(draw(nights), {.tests = "b/*"})), ElementsAre("b/error"));
}

TEST(Grid, AWordAndItsCellsSpeakOfTheSameNights) {
  // The red is older than what is shown.
  const Grid g = grid(draw("x86_64 a/b ...F....\n"), {.nights = 3, .all = true});
  ASSERT_EQ(g.rows.size(), 1u);
  EXPECT_EQ(g.rows[0].pattern.word, Word::passing);
  EXPECT_EQ(g.rows[0].cells.size(), 3u);
}

TEST(Grid, ABrokenKernelIsOneLine) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += "x86_64 a/t" + std::to_string(i) + (i < 4 ? " F..\n" : " ...\n");
  const Grid g = grid(draw(text), {});
  EXPECT_THAT(g.broken, ElementsAre("base x86_64 on night0: 4 of 8 tests red"));
  for (const auto& r : g.rows) EXPECT_EQ(r.pattern.red, 0) << to_string(r.name);
}

}  // namespace
}  // namespace pinrig::history
