// SPDX-License-Identifier: GPL-2.0
// Which case it was: that ran when a test went down, and during which pages stayed pinned.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/judge.h"
#include "verdict/testing.h"

namespace pinrig::verdict {
namespace {

using model::Verdict;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Cases, TheOneThatRanWhenTheGuestWentDownHasTheVerdictAndTheOthersHaveNone) {
  JobFacts f = passing_facts();
  f.outcome = {model::JobOutcome::Kind::panicked, model::Phase::test, "Oops"};
  f.records[0].exit = {model::TestExit::Kind::lost, 0};
  f.records[0].output = "KTAP version 1\n1..4\n# running a\nok 1 a\n# running b\n# its last words\n";
  const auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(4));
  EXPECT_EQ(rows[0].verdict, Verdict::crash);
  EXPECT_EQ(rows[2].case_name, "b");
  EXPECT_EQ(rows[2].verdict, Verdict::crash);
  EXPECT_EQ(rows[3].case_name, "cases 3 to 4");
  EXPECT_EQ(rows[3].verdict, Verdict::missing);
}

TEST(Cases, TheOneInWhichTheTimeWasOverIsTheLastToBeNamed) {
  JobFacts f = passing_facts();
  f.records[0].exit = {model::TestExit::Kind::timed_out, 0};
  f.records[0].output = "KTAP version 1\n1..2\n# running a\nok 1 a\n# running b\n";
  const auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[2].case_name, "b");
  EXPECT_EQ(rows[2].verdict, Verdict::timeout);
}

TEST(Cases, ThatATestLeavesOutByItselfStayMissing) {
  JobFacts f = passing_facts();
  f.records[0].output = "KTAP version 1\n1..2\n# running a\nok 1 a\n# running b\n";
  EXPECT_EQ(judge(f).verdicts.at(2).verdict, Verdict::missing);
}

TEST(Cases, AnnouncementsAreNoDiagnostics) {
  JobFacts f = passing_facts();
  f.records[0].output = "KTAP version 1\n1..1\n# running a\n# FAIL: short\nnot ok 1 a\n";
  f.records[0].exit.code = 1;
  const auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_THAT(rows[1].diagnostics, testing::ElementsAre("FAIL: short"));
}

TEST(Cases, DuringWhichTheCountersRoseAreNamedWithALeak) {
  JobFacts f = passing_facts();
  f.records[0].output = "TAP version 13\n1..3\nok 1 a\nok 2 b\nok 3 c\n";
  f.records[0].ledger.after.acquired += 18;
  f.records[0].left = {{2, 2, 16}, {2, 3, 2}, {7, 9, 1}};
  EXPECT_THAT(first(f).detail, HasSubstr("the counters rose by +16 in b; +2 in b to c"));
  EXPECT_EQ(first(f).verdict, Verdict::leak);
  f.records[0].ledger.after.acquired -= 18;
  EXPECT_THAT(first(f).detail, Not(HasSubstr("rose"))) << "nothing was left in the end";
}

}  // namespace
}  // namespace pinrig::verdict
