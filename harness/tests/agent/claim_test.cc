// SPDX-License-Identifier: GPL-2.0
#include "claim.h"

#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

ClaimReader read(std::string_view text) {
  ClaimReader reader;
  reader.feed(text);
  reader.finish();
  return reader;
}

TEST(Claim, NothingSaidIsNetZero) {
  const auto reader = read("");
  EXPECT_EQ(reader.claim().mode, "net_zero");
  EXPECT_EQ(reader.claim().pages, 0);
  EXPECT_EQ(reader.problem(), "");
}

TEST(Claim, ExactLinesAreSummedUp) {
  const auto reader = read("exact 16\nexact 1\n");
  EXPECT_EQ(reader.claim().mode, "exact");
  EXPECT_EQ(reader.claim().pages, 17);
}

TEST(Claim, OneAtleastLineMakesTheWholeAnAtLeast) {
  EXPECT_EQ(read("atleast 3\nexact 4\n").claim().mode, "at_least");
  const auto reader = read("exact 4\natleast 3\n");
  EXPECT_EQ(reader.claim().mode, "at_least");
  EXPECT_EQ(reader.claim().pages, 7);
}

TEST(Claim, SkewDoesNotChangeTheMode) {
  const auto reader = read("skew 16\nskew 2\n");
  EXPECT_EQ(reader.claim().mode, "net_zero");
  EXPECT_EQ(reader.claim().skew_sections, 18);
  EXPECT_EQ(reader.claim().pages, 0);
}

TEST(Claim, LinesMayComeInPiecesAndWithoutTheLastNewline) {
  ClaimReader reader;
  for (const char c : std::string("exact 12\nskew 3")) reader.feed(std::string(1, c));
  EXPECT_EQ(reader.claim().skew_sections, 0);
  reader.finish();
  EXPECT_EQ(reader.claim().pages, 12);
  EXPECT_EQ(reader.claim().skew_sections, 3);
}

TEST(Claim, ExactZeroIsAClaimToo) { EXPECT_EQ(read("exact 0\n").claim().mode, "exact"); }

TEST(Claim, EveryOtherLineIsAProblemAndChangesNothing) {
  for (const char* bad : {"exact", "exact ", "exact x", "exact 1 2", "exact -1", "Exact 1", "atmost 3",
                          "exact 1e3", "exact 99999999999999999999", "exact 9000000000000000000"}) {
    const auto reader = read(std::string(bad) + "\nexact 2\n");
    EXPECT_EQ(reader.claim().pages, 2) << bad;
    EXPECT_NE(reader.problem().find(bad), std::string::npos) << bad;
  }
}

TEST(Claim, TheFirstProblemIsTheOneThatIsTold) {
  EXPECT_NE(read("first\nsecond\n").problem().find("first"), std::string::npos);
}

TEST(Claim, AnEndlessLineNeitherGrowsNorHidesWhatFollows) {
  ClaimReader reader;
  for (int i = 0; i < 1000; ++i) reader.feed("exact 1 exact 1 exact 1 ");
  reader.feed("\nexact 5\n");
  EXPECT_EQ(reader.claim().pages, 5);
  EXPECT_LT(reader.problem().size(), 300u);
}

TEST(Claim, NoSumOverflows) {
  ClaimReader reader;
  for (int i = 0; i < 100; ++i) reader.feed("exact 1099511627776\n");
  EXPECT_GT(reader.claim().pages, 0);
  EXPECT_NE(reader.problem(), "");
}

}  // namespace
}  // namespace pinrig::agent
