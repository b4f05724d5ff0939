// SPDX-License-Identifier: GPL-2.0
// The rules that look at a whole job: what never ran, whose event it was, capabilities, the negative control.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "verdict/judge.h"
#include "verdict/testing.h"

namespace pinrig::verdict {
namespace {

using model::JobOutcome;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Judge, LeavesEveryTestWithoutARecordMissing) {
  JobFacts f = passing_facts();
  f.planned.push_back(spec_of("bio/other"));
  EXPECT_EQ(judge(f).verdicts.back().verdict, Verdict::missing);
  EXPECT_EQ(judge(f).verdicts.back().test, "bio/other");
  f.records.clear();
  f.control_ran = false;
  f.outcome = {JobOutcome::Kind::build_failed, model::Phase::none, "mm/gup.c:12: error"};
  for (const auto& v : judge(f).verdicts) {
    EXPECT_EQ(v.verdict, Verdict::missing);
    EXPECT_THAT(v.detail, HasSubstr("build_failed: mm/gup.c:12: error"));
  }
  EXPECT_EQ(judge(f).outcome.kind, JobOutcome::Kind::build_failed);
}

TEST(Judge, ListsWhatWasPlannedAndNotReported) {
  JobFacts f = passing_facts();
  f.records[0].output = "KTAP version 1\n1..5\nok 1 a\n";
  auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[2].case_name, "cases 2 to 5");
  EXPECT_EQ(rows[2].verdict, Verdict::missing);
  f.records[0].output = "KTAP version 1\n1..2\nok 1 a\n";
  EXPECT_EQ(judge(f).verdicts.back().case_name, "case 2");
}

TEST(Judge, NamesSubtestsByTheirPathAndParentsOnlyWhenTheySayWorse) {
  JobFacts f = passing_facts();
  f.records[0].output =
      "KTAP version 1\n1..2\n  KTAP version 1\n  1..1\n  ok 1 a # time=1500ms\nok 1 p\n"
      "  KTAP version 1\n  1..1\n  ok 1 a\nnot ok 2 q # exit=1\n";
  const auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(4));
  EXPECT_EQ(rows[1].case_name, "p/a");
  EXPECT_DOUBLE_EQ(rows[1].wall_s, 1.5);
  EXPECT_EQ(rows[2].case_name, "q/a");
  EXPECT_EQ(rows[3].case_name, "q");
  EXPECT_EQ(rows[3].verdict, Verdict::fail);
}

TEST(Judge, CasesWithTheSamePathAreToldApart) {
  JobFacts f = passing_facts();
  f.records[0].output =
      "KTAP version 1\n1..2\n  KTAP version 1\n  1..1\n  ok 1 b/c\nok 1 a\n"
      "  KTAP version 1\n  1..1\n  ok 1 c # SKIP no device\nok 2 a/b\n";
  const auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[1].case_name, "a/b/c");
  EXPECT_EQ(rows[2].case_name, "a/b/c (2)");
}

TEST(Judge, DoesNotLoseAnEventThatHasNoTest) {
  JobFacts f = passing_facts();
  f.events = {event_of("warning", ""), event_of("page_dump", "")};
  const auto rows = judge(f).verdicts;
  EXPECT_EQ(rows.front().verdict, Verdict::pass);
  EXPECT_EQ(rows.back().test, unowned_test);
  EXPECT_EQ(rows.back().verdict, Verdict::fail);
  EXPECT_THAT(rows.back().detail, HasSubstr("warning title"));
  f.events = {event_of("oops", "not/planned")};
  EXPECT_EQ(judge(f).verdicts.back().verdict, Verdict::crash);
  f.events = {event_of("page_dump", "")};
  EXPECT_THAT(judge(f).verdicts, SizeIs(3));
}

TEST(Judge, TaintThatCameBetweenTestsNeedsAReport) {
  constexpr std::uint64_t bad_page = 32;
  constexpr std::uint64_t out_of_spec = 4;
  JobFacts f = passing_facts();
  f.planned.push_back(spec_of("bio/second"));
  f.records.push_back(passing_record("bio/second"));
  f.records[0].taint_before = f.records[0].taint_after = out_of_spec;
  f.records[1].taint_before = f.records[1].taint_after = out_of_spec | bad_page;
  const auto row = judge(f).verdicts.back();
  EXPECT_EQ(row.test, unowned_test);
  EXPECT_EQ(row.verdict, Verdict::fail);
  EXPECT_THAT(row.detail, HasSubstr("kernel tainted: B"));
  f.records[0].taint_before = f.records[0].taint_after = out_of_spec | bad_page;
  EXPECT_EQ(judge(f).verdicts.back().test, unowned_test) << "before the first test";
  f.records[0].taint_before = out_of_spec;
  f.events = {event_of("bad_page", f.planned[0].name)};
  EXPECT_NE(judge(f).verdicts.back().test, unowned_test) << "the test's own";
  f.events = {event_of("bad_page", "")};
  f.records[0].taint_before = out_of_spec | bad_page;
  EXPECT_EQ(judge(f).verdicts.back().verdict, Verdict::crash) << "what was reported says so";
}

TEST(Judge, CollectsCapabilitiesAndObjectsToContradictions) {
  JobFacts f = passing_facts();
  f.planned.push_back(spec_of("bio/other"));
  f.records.push_back(passing_record("bio/other"));
  f.records[0].output +=
      "# capability dio.bdev pin\n# capability legacy_skew 2\nx # capability no no\n# capability bad\n";
  f.records[1].output += "# capability dio.bdev pin\n";
  Judgement j = judge(f);
  EXPECT_THAT(j.capabilities,
              ElementsAre(testing::Pair("dio.bdev", "pin"), testing::Pair("legacy_skew", "2")));
  EXPECT_EQ(j.verdicts[3].verdict, Verdict::pass);
  f.records[1].output += "# capability legacy_skew 0\n";
  j = judge(f);
  EXPECT_EQ(j.capabilities.at("legacy_skew"), "2");
  EXPECT_EQ(j.verdicts[0].verdict, Verdict::pass);
  EXPECT_EQ(j.verdicts[3].verdict, Verdict::error);
  EXPECT_THAT(j.verdicts[3].detail, HasSubstr("legacy_skew is 0 here and was 2"));
}

TEST(Judge, TwoCasesOfOneTestContradictEachOtherToo) {
  JobFacts f = passing_facts();
  f.records[0].output += "# capability lt.file_rw refused\n# capability lt.file_rw allowed\n";
  EXPECT_EQ(first(f).verdict, Verdict::error);
  EXPECT_THAT(first(f).detail, HasSubstr("lt.file_rw is allowed here and was refused before"));
}

TEST(Judge, ACapabilityThatCouldNotBeProbedContradictsNothing) {
  JobFacts f = passing_facts();
  f.records[0].output += "# capability alg unknown\n# capability alg pin\n# capability alg unknown\n";
  EXPECT_EQ(first(f).verdict, Verdict::pass);
  EXPECT_EQ(judge(f).capabilities.at("alg"), "pin");
}

TEST(Judge, AMutantMayChangeWhatAProbeFinds) {
  JobFacts f = passing_facts();
  f.planned.push_back(spec_of("bio/other"));
  f.records.push_back(passing_record("bio/other"));
  f.planned[0].env[model::mutant_variable] = "7";
  f.planned[1].env[model::mutant_variable] = "0";
  f.records[0].output += "# capability lt.file_rw allowed\n";
  f.records[1].output += "# capability lt.file_rw refused\n";
  const Judgement j = judge(f);
  EXPECT_EQ(j.verdicts[3].verdict, Verdict::pass) << j.verdicts[3].detail;
  EXPECT_EQ(j.capabilities.at("lt.file_rw"), "refused") << "of the kernel without it";
  f.planned[0].env[model::mutant_variable] = "0";
  EXPECT_EQ(judge(f).verdicts[3].verdict, Verdict::error);
}

struct Control {
  const char* name;
  std::function<void(JobFacts&)> spoil;
  const char* why;  ///< nullptr: the control is fine
};

class Controls : public testing::TestWithParam<Control> {};

TEST_P(Controls, DecideWhetherTheLedgerIsBelieved) {
  JobFacts f = passing_facts();
  GetParam().spoil(f);
  const Judgement j = judge(f);
  if (!GetParam().why) {
    EXPECT_NE(j.outcome.kind, JobOutcome::Kind::infra_error);
    EXPECT_NE(j.verdicts[0].verdict, Verdict::error) << j.verdicts[0].detail;
    return;
  }
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::infra_error);
  EXPECT_THAT(j.outcome.detail, HasSubstr("the pin ledger's negative control failed: "));
  EXPECT_THAT(j.outcome.detail, HasSubstr(GetParam().why));
  for (const auto& v : j.verdicts) {
    EXPECT_EQ(v.verdict, Verdict::error) << v.test << ":" << v.case_name;
    EXPECT_THAT(v.detail, HasSubstr(GetParam().why));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ledger, Controls,
    testing::Values(
        Control{"fine", [](JobFacts&) {}, nullptr},
        Control{"held_nothing", [](JobFacts& f) { f.control.outstanding_held = 0; },
                "16 pages held, but 0 seen"},
        Control{"held_too_many", [](JobFacts& f) { f.control.outstanding_held = 17; }, "17 seen"},
        Control{"held_too_few_and_not_released",
                [](JobFacts& f) {
                  f.control.outstanding_held = 15;
                  f.control.outstanding_released = 15;
                },
                "15 seen"},
        Control{"not_available", [](JobFacts& f) { f.control.available = false; }, "no counters in a kernel"},
        Control{"problem", [](JobFacts& f) { f.control.problem = "io_uring_setup: ENOSYS"; }, "ENOSYS"},
        Control{"nothing_asked",
                [](JobFacts& f) {
                  f.control_pages = 0;
                  f.control.outstanding_held = 0;
                },
                "requested to hold no pages"},
        Control{"not_run", [](JobFacts& f) { f.control_ran = false; }, "did not run"},
        Control{"not_run_in_a_dead_guest",
                [](JobFacts& f) {
                  f.control_ran = false;
                  f.outcome.kind = JobOutcome::Kind::panicked;
                },
                nullptr},
        Control{"failed_before_a_panic",
                [](JobFacts& f) {
                  f.control.outstanding_held = 0;
                  f.outcome = {JobOutcome::Kind::panicked, model::Phase::test, "panic: x"};
                },
                "also: panicked (test): panic: x"},
        Control{"kernel_without_counters",
                [](JobFacts& f) {
                  f.counters = false;
                  f.control_ran = false;
                  f.records[0].ledger.available = false;
                },
                nullptr}),
    [](const auto& control) { return control.param.name; });

// Else an io_uring that leaks would leave its author without any verdict.
TEST(Judge, WhatTheControlSawHeldAndNotGivenBackIsTheKernelsLeak) {
  for (const auto& [pages, said] : {std::pair{1, "+1 page "}, std::pair{-2, "-2 pages"}}) {
    JobFacts f = passing_facts();
    f.control.outstanding_released = pages;
    const Judgement j = judge(f);
    EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::completed);
    EXPECT_EQ(j.verdicts.front().verdict, Verdict::pass) << j.verdicts.front().detail;
    EXPECT_EQ(j.verdicts.back().test, control_test);
    EXPECT_EQ(j.verdicts.back().verdict, Verdict::leak);
    EXPECT_THAT(j.verdicts.back().detail, HasSubstr(said));
  }
}

TEST(Judge, AGuestThatDoesNotSwitchOffIsARowOfItsOwn) {
  JobFacts f = passing_facts();
  f.outcome = {JobOutcome::Kind::timed_out, model::Phase::shutdown, "no power off within 10 s"};
  Judgement j = judge(f);
  EXPECT_EQ(j.verdicts.front().verdict, Verdict::pass);
  EXPECT_EQ(j.verdicts.back().test, unowned_test);
  EXPECT_EQ(j.verdicts.back().verdict, Verdict::timeout);
  f.outcome.kind = JobOutcome::Kind::panicked;
  j = judge(f);
  EXPECT_EQ(j.verdicts.back().test, unowned_test);
  EXPECT_EQ(j.verdicts.back().verdict, Verdict::crash);
}

// Pages that come back late are of the test that left them; it is judged for them.
TEST(Judge, ALateReleaseOfAnotherTestsLeakIsNoOverRelease) {
  JobFacts f = passing_facts();
  f.planned.push_back(spec_of("bio/other"));
  f.records.push_back(passing_record("bio/other"));
  auto& leaks = f.records[0].ledger;
  auto& next = f.records[1].ledger;
  leaks.before = {1000, 1000};
  leaks.after = {1010, 1002};  // +8
  next.before = {1010, 1002};
  next.after = {1020, 1020};  // -8
  const auto verdict_of = [&](const char* test) {
    const auto rows = judge(f).verdicts;
    return std::find_if(rows.begin(), rows.end(), [&](const auto& v) { return v.test == test; })->verdict;
  };
  EXPECT_EQ(verdict_of("bio/dio"), Verdict::leak);
  EXPECT_EQ(verdict_of("bio/other"), Verdict::pass);
  next.after = {1020, 1021};  // one more than was owed
  EXPECT_EQ(verdict_of("bio/other"), Verdict::leak);
  next.before = {1010, 1006};  // four of them came back between the two
  next.after = {1020, 1020};
  EXPECT_EQ(verdict_of("bio/other"), Verdict::pass);
  next.after = {1020, 1021};
  EXPECT_EQ(verdict_of("bio/other"), Verdict::leak);
  f.records[1].guest = 2;  // another guest owes nothing
  next.before = {500, 500};
  next.after = {510, 514};
  EXPECT_EQ(verdict_of("bio/other"), Verdict::leak);
}

TEST(Judge, AnOkOverSkippedSubtestsIsASkip) {
  JobFacts f = passing_facts();
  f.records[0].output =
      "KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a # SKIP no\n  ok 2 b # SKIP no\nok 1 suite\n";
  const auto rows = judge(f).verdicts;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].verdict, Verdict::skip);
  EXPECT_EQ(rows[1].case_name, "suite/a");
  EXPECT_EQ(rows[2].case_name, "suite/b");
}

}  // namespace
}  // namespace pinrig::verdict
