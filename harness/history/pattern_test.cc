// SPDX-License-Identifier: GPL-2.0
#include "history/pattern.h"

#include <gtest/gtest.h>

#include "history/testing.h"

namespace pinrig::history {
namespace {

/// The only row of a line, newest left.
struct Drawn {
  explicit Drawn(const std::string& cells, const std::string& kernels = {})
      : line(draw("x86_64 a/b " + cells + "\n" +
                  (kernels.empty() ? "" : "x86_64 @kernel " + kernels + "\n"))) {}
  std::span<const Cell> row() const { return line.row(0, 0); }
  Pattern pattern() const { return pattern_of(row()); }
  Since change() const { return since(row(), line.columns[0].nights); }
  std::size_t red() const { return red_since(row(), line.columns[0].nights); }
  Line line;
};

std::string times(int n, char c) { return std::string(static_cast<std::size_t>(n), c); }

TEST(Pattern, Words) {
  const std::pair<const char*, Word> rows[] = {
      {"..........", Word::passing}, {"F.........", Word::failing}, {"FF........", Word::failing},
      {"FFF.......", Word::failing}, {".F........", Word::flaky},   {"F.F.......", Word::flaky},
      {"FFF.F.F...", Word::failing}, {".FFF......", Word::passing}, {"__________.", Word::stale},
      {"!?!?!!!!!!", Word::broken},  {"xxxxxxxxxx", Word::passing}, {"F", Word::failing},
      {"FFFFFFFFFF", Word::failing}, {"----------", Word::broken},  {"F!F!......", Word::failing}};
  for (const auto& [cells, word] : rows)
    EXPECT_STREQ(to_string(Drawn(cells).pattern().word), to_string(word)) << cells;
}

TEST(Pattern, ThreeRedsInARowAreNoFlips) {
  EXPECT_EQ(Drawn("..FFF....").pattern().flips, 0);
  EXPECT_EQ(Drawn("..FF.....").pattern().flips, 2);
  EXPECT_EQ(Drawn("FF.......").pattern().flips, 1);
  EXPECT_EQ(Drawn(".F.F.F...").pattern().flips, 6);
}

TEST(Pattern, ErrorsAreNeitherRedNorGreen) {
  const auto p = Drawn("!F!.!F?.").pattern();
  EXPECT_EQ(p.of, 4);
  EXPECT_EQ(p.red, 2);
  EXPECT_TRUE(p.red_now);
  EXPECT_EQ(p.streak, 1);
}

TEST(Pattern, OldRedsAreForgotten) {
  const auto p = Drawn("..........F.F").pattern();
  EXPECT_EQ(p.red, 0);
  EXPECT_EQ(p.flips, 0);
  EXPECT_EQ(p.word, Word::passing);
  EXPECT_EQ(p.streak, 10);
}

TEST(ChangePoint, TakesAsManyRedsAsTheGreensBeforeDemand) {
  EXPECT_EQ(Drawn(times(4, 'F') + times(10, '.')).change().night, 3u);
  EXPECT_EQ(Drawn(times(2, 'F') + times(30, '.')).change().night, 1u);
  // Too few: the whole history is one segment.
  EXPECT_EQ(Drawn(times(2, 'F') + times(10, '.')).change().night, 11u);
  EXPECT_EQ(Drawn(times(1, 'F') + times(30, '.')).change().night, 30u);
  EXPECT_EQ(Drawn(times(40, '.')).change().night, 39u);
}

TEST(ChangePoint, NeverBetweenNightsWithOneKernel) {
  const std::string cells = times(6, 'F') + times(20, '.');
  EXPECT_EQ(Drawn(cells, "aaaaaa" + times(20, 'b')).change().night, 5u);
  // The kernel changed one night earlier than the reds began.
  EXPECT_EQ(Drawn(cells, "aaaaaaa" + times(19, 'b')).change().night, 6u);
  EXPECT_EQ(Drawn(cells, times(26, 'a')).change().night, 25u);
}

TEST(ChangePoint, TheLastOfSeveralCounts) {
  const auto c = Drawn(times(5, 'F') + times(20, '.') + times(20, 'F')).change();
  EXPECT_EQ(c.night, 4u);
  EXPECT_EQ(c.red, 5);
  EXPECT_EQ(c.of, 5);
}

TEST(ChangePoint, ARateHasARange) {
  const auto c = Drawn("F..F.F.FF.F." + times(30, '.')).change();
  EXPECT_GT(c.oldest, c.newest);
  EXPECT_LE(c.newest, c.night);
  EXPECT_GE(c.oldest, c.night);
  const auto sharp = Drawn(times(8, 'F') + times(30, '.')).change();
  EXPECT_LT(sharp.oldest - sharp.newest, c.oldest - c.newest);
}

TEST(RedSince, TheFirstOfTheRedsInARow) {
  EXPECT_EQ(Drawn("F.........").red(), 0u);
  EXPECT_EQ(Drawn("FF........").red(), 1u);
  EXPECT_EQ(Drawn("F!F.......").red(), 2u);
  EXPECT_EQ(Drawn(times(6, 'F') + times(20, '.')).red(), 5u);
  // A row that is red on most nights was so before its newest reds.
  EXPECT_EQ(Drawn("FF.FFFFFF" + times(40, '.')).red(), 8u);
}

TEST(LogLikelihood, IsThatOfABetaPrior) {
  EXPECT_NEAR(log_likelihood(0, 0), 0, 1e-12);
  EXPECT_GT(log_likelihood(0, 10), log_likelihood(5, 10));
  EXPECT_GT(log_likelihood(10, 10), log_likelihood(5, 10));
}

}  // namespace
}  // namespace pinrig::history
