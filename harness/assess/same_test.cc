// SPDX-License-Identifier: GPL-2.0
// `expect: same`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using model::PinClaim;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum model::Verdict;

model::PinLedger pins(std::int64_t acquired, PinClaim::Mode mode, std::int64_t claimed) {
  model::PinLedger l;
  l.available = true;
  l.after = {acquired, acquired};
  l.claim = {.mode = mode, .pages = claimed};
  return l;
}

/// One test on base and tip that differs in its ledger only.
class Counts : public ::testing::Test {
 protected:
  Counts() { run.rules.same = true; }
  RunAssessment assess(const model::PinLedger& before, const model::PinLedger& now) {
    base_ = result_of({"a/x", pass});
    base_.ledger = before;
    tip_ = result_of({"a/x", pass});
    tip_.ledger = now;
    run.kernels.clear();
    run.add(0, {}).guests[0].rows = {&base_};
    run.add(1, {}).guests[0].rows = {&tip_};
    return run.assess();
  }
  std::string reason(const model::PinLedger& before, const model::PinLedger& now) {
    const auto row = assess(before, now).kernels[1].guests[0].rows[0];
    return row.rule == model::Rule::differs ? row.reason : "";
  }
  Sample run;

 private:
  model::TestResult base_;
  model::TestResult tip_;
};

TEST_F(Counts, ThatDifferAreADifferenceWhereVerdictsAreTheSame) {
  const auto four = pins(4, PinClaim::Mode::exact, 4);
  const auto eight = pins(8, PinClaim::Mode::exact, 8);
  EXPECT_EQ(reason(four, four), "");
  EXPECT_EQ(assess(four, four).code, ExitCode::ok);
  EXPECT_EQ(reason(four, eight),
            "pages claimed: 4 on base-x86_64, 8 here; pages acquired: 4 on base-x86_64, 8 here; "
            "pages released: 4 on base-x86_64, 8 here; nothing may change (expect: same)");
  EXPECT_EQ(assess(four, eight).code, ExitCode::regressions);
  run.rules.same = false;
  EXPECT_EQ(assess(four, eight).code, ExitCode::ok) << "only where nothing may change";
}

TEST_F(Counts, MayBeReachedByAnotherClaim) {
  EXPECT_THAT(reason(pins(4, PinClaim::Mode::exact, 4), pins(4, PinClaim::Mode::at_least, 4)),
              HasSubstr("claim exact on base-x86_64, at_least here"));
}

TEST_F(Counts, OfTimedTestsDifferOnlyBetweenNoneAndSome) {
  const auto at_least = PinClaim::Mode::at_least;
  EXPECT_EQ(reason(pins(4000, at_least, 1), pins(5000, at_least, 1)), "");
  EXPECT_THAT(reason(pins(4000, at_least, 1), pins(0, at_least, 0)),
              HasSubstr("pages pinned: some on base-x86_64, none here"));
  run.rules.pins_vary = {"a/x"};
  EXPECT_EQ(reason(pins(4, PinClaim::Mode::exact, 4), pins(8, PinClaim::Mode::exact, 8)), "");
}

TEST_F(Counts, NeedAKernelThatCounts) {
  model::PinLedger blind;
  EXPECT_THAT(reason(pins(4, PinClaim::Mode::exact, 4), blind),
              HasSubstr("pins counted on base-x86_64, not counted here"));
}

TEST(Same, AnotherVerdictIsADifferenceAlsoABetterOne) {
  Sample run;
  run.rules.same = true;
  run.rules.known_issues = {};
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:two", skip}, {"a/x:three", xfail}});
  run.add(1, {{"a/x", pass}, {"a/x:one", skip}, {"a/x:two", pass}, {"a/x:three", xfail}});
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "skip lost", "pass differs", "xfail fine"));
  run.rules.same = false;
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "skip lost", "pass fine", "xfail fine"));
}

TEST(Same, SoAreCasesThatOnlyOneOfThemHas) {
  Sample run;
  run.rules.same = true;
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:skipped", skip}});
  run.add(1, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:new", pass}});
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "pass fine", "pass differs"));
  const auto says = run.assess();
  ASSERT_THAT(says.kernels[1].lost, SizeIs(1)) << "also one that was skipped";
  EXPECT_EQ(says.kernels[1].lost[0].case_name, "skipped");
}

TEST(Same, HoldsAtEveryPoint) {
  Sample run;
  run.rules.same = true;
  run.add(0, {{"a/x", skip}});
  run.add(1, {{"a/x", pass}}).is_tip = false;
  run.add(2, {{"a/x", skip}});
  EXPECT_THAT(run.words(0), ElementsAre("skip fine"));
  EXPECT_THAT(run.words(1), ElementsAre("pass differs"));
  EXPECT_THAT(run.words(2), ElementsAre("skip fine"));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(Same, LeavesToExpectationsWhatTheyName) {
  Sample run;
  run.rules.same = true;
  run.rules.expect = {
      {.tests = "a/x:one", .verdicts = {pass}, .points = {"tip"}, .archs = {}, .reason = "now runs"}};
  run.add(0, {{"a/x", pass}, {"a/x:one", skip}, {"a/x:two", skip}});
  run.add(1, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:two", pass}});
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "pass expectation", "pass differs"));
}

TEST(Same, LetsComeAndGoWhatDoes) {
  Sample run;
  run.rules.same = true;
  model::KnownIssue issue;
  issue.name = "rare";
  issue.tests = {"a/x:one"};
  issue.seen = {fail};
  issue.sometimes = true;
  issue.range.bases = {"debian-*"};
  run.rules.known_issues = {issue};
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}});
  run.add(1, {{"a/x", fail}, {"a/x:one", fail}});
  EXPECT_THAT(run.words(1), ElementsAre("fail known_issue", "fail known_issue"));
}

TEST(Same, NeedsABaseThatWasJudged) {
  Sample run;
  run.rules.same = true;
  run.add(1, {{"a/x", pass}});
  EXPECT_THAT(run.assess().kernels[0].unmet, ElementsAre(HasSubstr("no results to compare with")));
  run.rules.same = false;
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty());
}

TEST(Same, HoldsForCapabilitiesTheyMayNotEvenBecomePins) {
  Sample run;
  run.rules.same = true;
  run.add(0, {{"a/x", pass}}).guests[0].capabilities["dio.bdev"] = "get";
  run.add(1, {{"a/x", pass}}).guests[0].capabilities["dio.bdev"] = "pin";
  EXPECT_THAT(run.assess().kernels[1].unmet,
              ElementsAre(HasSubstr("dio.bdev: get on base-x86_64, pin here")));
  run.rules.same = false;
  EXPECT_THAT(run.assess().kernels[1].unmet, IsEmpty());
}

}  // namespace
}  // namespace pinrig::assess
