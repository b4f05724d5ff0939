// SPDX-License-Identifier: GPL-2.0
// A base that no file of configs/expectations covers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum model::Verdict;

TEST(UnknownBase, IsNotToBlameOnThePatches) {
  Sample run;
  run.add(0, {{"a/x", fail}, {"a/x:one", fail}, {"a/x:two", pass}, {"a/y", leak, 4}});
  run.add(1, {{"a/x", fail}, {"a/x:one", fail}, {"a/x:two", pass}, {"a/y", leak, 4}});
  const std::vector<std::string> same{"fail compared", "fail compared", "pass fine", "leak compared"};
  EXPECT_EQ(run.words(0), same);
  EXPECT_EQ(run.words(1), same);
  EXPECT_EQ(run.assess().code, ExitCode::ok);
}

TEST(UnknownBase, WhatItCanDoItsPatchesMustStillDo) {
  Sample run;
  run.add(0, {{"a/x", fail}, {"a/x:one", fail}, {"a/x:two", pass}, {"a/y", leak, 4}, {"a/z", skip}});
  run.add(1, {{"a/x", fail}, {"a/x:one", pass}, {"a/x:two", fail}, {"a/y", leak, 5}, {"a/z", fail}});
  EXPECT_THAT(run.words(1),
              ElementsAre("fail compared", "pass fine", "fail failure", "leak failure", "fail failure"));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(UnknownBase, ALesserFailureIsNoRegressionAndACrashTakesItsCasesAlong) {
  Sample run;
  run.add(0, {{"a/x", crash}, {"a/x:one", crash}, {"a/x:two", missing}});
  run.add(1, {{"a/x", fail}, {"a/x:one", fail}, {"a/x:two", pass}});
  EXPECT_THAT(run.words(0), ElementsAre("crash compared", "crash compared", "missing consequence"));
  EXPECT_THAT(run.words(1), ElementsAre("fail compared", "fail compared", "pass fine"));
}

TEST(UnknownBase, AloneHasNothingToBeComparedWith) {
  Sample run;
  run.add(0, {{"a/x", fail}});
  EXPECT_THAT(run.words(0), ElementsAre("fail failure"));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(UnknownBase, IsNoMeasureForPatchesThatWereNotTested) {
  Sample run;
  run.add(0, {{"a/x", fail}});
  run.add(1, {});
  EXPECT_THAT(run.words(0), ElementsAre("fail failure"));
}

TEST(UnknownBase, TrustsNoTestThatItCouldNotRun) {
  Sample run;
  run.add(0, {{"a/x", error}, {"a/y", missing}});
  run.add(1, {{"a/x", error}, {"a/y", missing}});
  EXPECT_THAT(run.words(0), ElementsAre("error failure", "missing failure"));
  EXPECT_THAT(run.words(1), ElementsAre("error failure", "missing failure"));
}

TEST(UnknownBase, ThatIsBrokenIsNoMeasure) {
  Sample run;
  std::vector<SeenRow> rows;
  for (int i = 0; i < 8; ++i) rows.push_back({"a/" + std::to_string(i), i < 3 ? fail : pass});
  run.add(0, rows);
  run.add(1, rows);
  EXPECT_THAT(run.assess().kernels[0].unmet, ElementsAre(HasSubstr("3 of 8 tests fail on this base")));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(UnknownBase, IsKnownOnceAFileCoversIt) {
  Sample run;
  model::Requirements file;
  file.name = "debian-6.12";
  file.range.bases = {"debian-6.12"};
  run.rules.requirements = {file};
  run.add(0, {{"a/x", fail}});
  run.add(1, {{"a/x", fail}});
  EXPECT_THAT(run.words(0), ElementsAre("fail failure"));
  EXPECT_THAT(run.words(1), ElementsAre("fail failure"));
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty());
}

}  // namespace
}  // namespace pinrig::assess
