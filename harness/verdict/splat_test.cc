// SPDX-License-Identifier: GPL-2.0
// What the policy on kernel reports needs to know of a verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/testing.h"

namespace pinrig::verdict {
namespace {

using model::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Splats, AReportIsToldFromOtherReasons) {
  JobFacts f = passing_facts();
  f.events = {event_of("lockdep", "bio/dio")};
  auto row = first(f);
  EXPECT_EQ(row.verdict, Verdict::fail);
  EXPECT_THAT(row.own, ElementsAre(Verdict::fail));
  EXPECT_THAT(row.apart, IsEmpty());
  ASSERT_THAT(row.splats, SizeIs(1));
  EXPECT_EQ(row.splats[0].kind, "lockdep");
  EXPECT_EQ(row.splats[0].title, "lockdep title");
  f.records[0].ledger.after.released -= 16;
  row = first(f);
  EXPECT_THAT(row.apart, ElementsAre(Verdict::leak));
  EXPECT_THAT(row.splats, SizeIs(1));
}

TEST(Splats, WhatTheTestAnnouncedIsNone) {
  JobFacts f = passing_facts();
  f.events = {event_of("lockdep", "bio/dio")};
  f.records[0].output += "# expects kernel: lockdep title\n";
  EXPECT_EQ(first(f).verdict, Verdict::pass);
  EXPECT_THAT(first(f).splats, IsEmpty());
}

TEST(Splats, OneThatCountsForNothingIsThereToBeDenied) {
  JobFacts f = passing_facts();
  f.events = {event_of("page_dump", "bio/dio")};
  EXPECT_EQ(first(f).verdict, Verdict::pass);
  ASSERT_THAT(first(f).splats, SizeIs(1));
  EXPECT_EQ(first(f).splats[0].verdict, Verdict::pass);
}

TEST(Splats, BelongToTheConsoleWhileNoTestRuns) {
  JobFacts f = passing_facts();
  f.events = {event_of("lockdep", "")};
  const auto row = judge(f).verdicts.back();
  EXPECT_EQ(row.test, model::unowned_test);
  EXPECT_THAT(row.splats, SizeIs(1));
  EXPECT_THAT(row.apart, IsEmpty());
}

TEST(Splats, BeyondFiftyNothingCanBeAllowed) {
  JobFacts f = passing_facts();
  f.events.assign(60, event_of("lockdep", "bio/dio"));
  EXPECT_THAT(first(f).splats, SizeIs(50));
  EXPECT_THAT(first(f).apart, ElementsAre(Verdict::fail));
}

TEST(Splats, AFailedControlIsAnotherReason) {
  JobFacts f = passing_facts();
  f.events = {event_of("lockdep", "bio/dio")};
  f.control.outstanding_held = 0;
  EXPECT_THAT(first(f).apart, ElementsAre(Verdict::error));
}

}  // namespace
}  // namespace pinrig::verdict
