// SPDX-License-Identifier: GPL-2.0
// Every rule of judge.h once red; each case spoils one thing of facts that pass.
#include "verdict/judge.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "verdict/testing.h"

namespace pinrig::verdict {
namespace {

using model::JobOutcome;
using model::Verdict;
using testing::HasSubstr;
using testing::SizeIs;
using Exit = model::TestExit::Kind;
using Mode = model::PinClaim::Mode;

TEST(Judge, PassesWhatIsRightInEveryRespect) {
  const Judgement j = judge(passing_facts());
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::completed);
  ASSERT_THAT(j.verdicts, SizeIs(3));
  EXPECT_EQ(j.verdicts[0].verdict, Verdict::pass);
  EXPECT_EQ(j.verdicts[0].case_name, "");
  EXPECT_EQ(j.verdicts[0].detail, "");
  EXPECT_DOUBLE_EQ(j.verdicts[0].wall_s, 0.5);
  EXPECT_EQ(j.verdicts[1].case_name, "one");
  EXPECT_EQ(j.verdicts[1].verdict, Verdict::pass);
  EXPECT_EQ(j.verdicts[1].line, 3);
}

struct Rule {
  const char* name;
  std::function<void(JobFacts&, model::TestSpec&, model::TestRecord&)> spoil;
  Verdict verdict;
  const char* detail;
};

class Rules : public testing::TestWithParam<Rule> {};

TEST_P(Rules, Apply) {
  JobFacts facts = passing_facts();
  GetParam().spoil(facts, facts.planned[0], facts.records[0]);
  const model::TestVerdict v = first(facts);
  EXPECT_STREQ(model::to_string(v.verdict), model::to_string(GetParam().verdict)) << v.detail;
  EXPECT_THAT(v.detail, HasSubstr(GetParam().detail));
}

// clang-format cannot read a macro that opens a lambda: this and the tables of rules are laid out by hand.
// clang-format off
#define SPOIL                                                            \
  [](JobFacts& f [[maybe_unused]], model::TestSpec& s [[maybe_unused]], \
     model::TestRecord& r [[maybe_unused]])
// clang-format on
const auto rule_name = [](const auto& rule) { return rule.param.name; };

// clang-format off
INSTANTIATE_TEST_SUITE_P(
    Exit, Rules,
    testing::Values(
        Rule{"skip_reason", SPOIL { r.skip_reason = "the tree has no cow"; r.output.clear(); },
             Verdict::skip, "the tree has no cow"},
        Rule{"signaled", SPOIL { r.exit = {Exit::signaled, 11}; }, Verdict::crash, "signal 11 (SIGSEGV)"},
        Rule{"timed_out", SPOIL { r.exit = {Exit::timed_out, 0};
             r.output = "KTAP version 1\n1..2\nok 1 one\n"; },
             Verdict::timeout, "limit"},
        Rule{"not_run", SPOIL { r.exit = {Exit::not_run, 2}; r.errors = "agent: execve\n"; r.output.clear();
             },
             Verdict::error, "errno 2: agent: execve"},
        Rule{"lost_to_a_panic",
             SPOIL { r.exit = {Exit::lost, 0};
               f.outcome = {JobOutcome::Kind::panicked, model::Phase::test, "panic: x"};
             },
             Verdict::crash, "panic: x"},
        Rule{"lost_to_a_fatal_event",
             SPOIL { r.exit = {Exit::lost, 0}; f.outcome.kind = JobOutcome::Kind::timed_out;
                     f.events = {event_of("hung_task", s.name, true)}; },
             Verdict::crash, "hung_task title"},
        Rule{"lost_to_silence",
             SPOIL { r.exit = {Exit::lost, 0};
               f.outcome = {JobOutcome::Kind::timed_out, model::Phase::test, ""}; },
             Verdict::timeout, "timed_out (test)"},
        Rule{"lost_to_silence_after_another_guest_panicked",
             SPOIL { r.exit = {Exit::lost, 0};
               r.guest = 2;
               f.outcome = {JobOutcome::Kind::panicked, model::Phase::test, "panic: x"};
               f.guest_outcomes = {f.outcome,
                                   {JobOutcome::Kind::timed_out, model::Phase::test, "silent"}}; },
             Verdict::timeout, "silent"},
        Rule{"lost_to_a_panic_after_another_guest_was_silent",
             SPOIL { r.exit = {Exit::lost, 0};
               r.guest = 2;
               f.outcome = {JobOutcome::Kind::timed_out, model::Phase::test, "silent"};
               f.guest_outcomes = {f.outcome,
                                   {JobOutcome::Kind::panicked, model::Phase::test, "panic: x"}}; },
             Verdict::crash, "panic: x"},
        Rule{"lost_with_another_tests_event",
             SPOIL { r.exit = {Exit::lost, 0}; f.outcome.kind = JobOutcome::Kind::infra_error;
                     f.events = {event_of("panic", "other/test", true)}; },
             Verdict::error, "infra_error"},
        Rule{"lost_to_ctrl_c", SPOIL { r.exit = {Exit::lost, 0};
             f.outcome.kind = JobOutcome::Kind::cancelled; },
             Verdict::missing, "cancelled"}),
    rule_name);

INSTANTIATE_TEST_SUITE_P(
    Ktap, Rules,
    testing::Values(
        Rule{"case_failed", SPOIL { r.output = "KTAP version 1\n1..2\nok 1 a\nnot ok 2 b # EIO\n";
             r.exit.code = 1; },
             Verdict::fail, "1 of 2 cases failed: b (EIO)"},
        Rule{"case_failed_and_exit_0", SPOIL { r.output = "KTAP version 1\n1..1\nnot ok 1 b\n"; },
             Verdict::fail, "1 of 1"},
        Rule{"case_error", SPOIL { r.output = "KTAP version 1\n1..1\nnot ok 1 # error mmap\n";
             r.exit.code = 1; },
             Verdict::error, "mmap"},
        Rule{"xfail", SPOIL { r.output = "KTAP version 1\n1..2\nok 1 a\nok 2 # XFAIL known\n"; },
             Verdict::xfail, "as expected"},
        Rule{"xpass", SPOIL { r.output = "KTAP version 1\n1..2\nok 1 a\nok 2 b # XPASS\n"; },
             Verdict::xpass, "unexpectedly"},
        Rule{"fail_outranks_xfail", SPOIL {
             r.output = "KTAP version 1\n1..2\nok 1 # XFAIL known\nnot ok 2 b\n"; },
             Verdict::fail, "1 of 2"},
        Rule{"no_output", SPOIL { r.output.clear(); }, Verdict::error, "no_output"},
        Rule{"no_ktap", SPOIL { r.output = "hello\n"; }, Verdict::error, "no_ktap"},
        Rule{"no_cases_and_a_finding_that_is_only_noted",
             SPOIL { r.output = "KTAP version 2\nfoo\n1..0\n"; }, Verdict::error, "no case"},
        Rule{"no_cases", SPOIL { r.output = "KTAP version 1\n1..0\n"; }, Verdict::error, "no case"},
        Rule{"no_plan", SPOIL { r.output = "KTAP version 1\nok 1 a\n"; }, Verdict::error, "no_plan"},
        Rule{"shortfall", SPOIL { r.output = "KTAP version 1\n1..3\nok 1 a\n";
             }, Verdict::error, "1 of 3 planned"},
        Rule{"excess", SPOIL { r.output = "KTAP version 1\n1..1\nok 1 a\nok 2 b\n";
             }, Verdict::error, "plan_excess"},
        Rule{"equal_names_are_told_apart", SPOIL { r.output = "KTAP version 1\n1..2\nok 1 a\nok 2 a\n"; },
             Verdict::pass, ""},
        Rule{"wrong_number", SPOIL { r.output = "KTAP version 1\n1..2\nok 1 a\nok 3 b\n"; },
             Verdict::error, "wrong_number"},
        Rule{"two_plans", SPOIL { r.output = "KTAP version 1\n1..1\n1..1\nok 1 a\n"; },
             Verdict::error, "duplicate_plan"},
        Rule{"bail_out", SPOIL { r.output = "KTAP version 1\n1..1\nok 1 a\nBail out! no memory\n";
             r.exit.code = 1; },
             Verdict::fail, "no memory"},
        Rule{"unknown_directive_is_noted", SPOIL { r.output = "KTAP version 1\n1..1\nok 1 a # FLAKY\n"; },
             Verdict::pass, "FLAKY"},
        Rule{"subtests_disagree",
             SPOIL { r.output = "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 a\nnot ok 1 p\n";
                     r.exit.code = 1; },
             Verdict::error, "subtest_mismatch"},
        Rule{"totals_disagree",
             SPOIL { r.output = "TAP version 13\n1..1\nok 1 a\n"
                                "# Totals: pass:2 fail:0 xfail:0 xpass:0 skip:0 error:0\n"; },
             Verdict::error, "totals_mismatch"},
        Rule{"after_the_end",
             SPOIL { r.output = "TAP version 13\n1..1\nok 1 a\n"
                                "# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\nok 2 b\n"; },
             Verdict::error, "output_after_end"},
        Rule{"not_utf8", SPOIL { r.output += "\xff\n"; }, Verdict::error, "bad_utf8"},
        Rule{"output_cut", SPOIL { r.dropped = 10; }, Verdict::error, "10 bytes"},
        Rule{"plan_skip", SPOIL { r.output = "TAP version 13\n1..0 # SKIP no swap\n"; r.exit.code = 4; },
             Verdict::skip, "no swap"},
        Rule{"all_skipped", SPOIL {
             r.output = "TAP version 13\n1..2\nok 1 a # SKIP no swap\nok 2 b # SKIP\n"; },
             Verdict::skip, "all cases skipped: no swap"},
        Rule{"some_skipped_is_pass", SPOIL { r.output = "TAP version 13\n1..2\nok 1 a # SKIP\nok 2 b\n"; },
             Verdict::pass, ""},
        Rule{"exit_skip_in_mid_plan",
             SPOIL { r.output = "TAP version 13\n1..9\nok 2 # SKIP no device\n"; r.exit.code = 4; },
             Verdict::skip, "no device"},
        Rule{"shortfall_is_no_skip", SPOIL { r.output = "TAP version 13\n1..9\nok 1 a # SKIP no device\n"; },
             Verdict::error, "1 of 9"},
        Rule{"exit_1_all_ok", SPOIL { r.exit.code = 1; }, Verdict::fail, "exit code 1 although"},
        Rule{"exit_2_without_xfail", SPOIL { r.exit.code = 2; }, Verdict::fail, "exit code 2"},
        Rule{"exit_2_with_xfail", SPOIL { r.output = "TAP version 13\n1..1\nok 1 # XFAIL x\n";
             r.exit.code = 2; },
             Verdict::xfail, ""},
        Rule{"exit_3_without_xpass", SPOIL { r.exit.code = 3; }, Verdict::fail, "exit code 3"},
        Rule{"exit_4_but_ran", SPOIL { r.exit.code = 4; }, Verdict::error, "2 of 2 cases ran"},
        Rule{"crash_needs_no_plan", SPOIL { r.exit = {Exit::signaled, 6}; r.output.clear(); },
             Verdict::crash, "SIGABRT"},
        Rule{"wrong_even_when_killed",
             SPOIL { r.exit = {Exit::timed_out, 0}; r.output = "KTAP version 1\n1..3\nok 1 a\nok 3 b\n"; },
             Verdict::error, "wrong_number"}),
    rule_name);

INSTANTIATE_TEST_SUITE_P(
    Ledger, Rules,
    testing::Values(
        Rule{"leak", SPOIL { r.ledger.after.released -= 5;
             }, Verdict::leak, "+5 pages pinned but not released"},
        Rule{"over_release", SPOIL { r.ledger.after.released += 3;
             }, Verdict::leak, "-3 pages: over-release"},
        Rule{"skew_is_no_leak", SPOIL { r.ledger.after.released += 32;
             r.ledger.claim = {Mode::net_zero, 0, 16}; },
             Verdict::pass, ""},
        Rule{"skew_does_not_hide_a_leak",
             SPOIL { r.ledger.after.released += 31; r.ledger.claim = {Mode::net_zero, 0, 16}; },
             Verdict::leak, "+1 page pinned but not released"},
        Rule{"leak_outranks_fail",
             SPOIL { r.ledger.after.released -= 5; r.output = "KTAP version 1\n1..1\nnot ok 1 b\n"; },
             Verdict::leak, "1 of 1 case failed"},
        Rule{"leak_of_a_timed_out_test", SPOIL { r.ledger.after.released -= 5; r.exit = {Exit::timed_out, 0};
             },
             Verdict::leak, "limit"},
        Rule{"leak_of_a_skipped_test",
             SPOIL { r.ledger.after.released -= 5; r.output = "TAP version 13\n1..0 # SKIP x\n"; },
             Verdict::leak, "+5"},
        Rule{"unsettled_before", SPOIL { r.ledger.settled_before = false;
             }, Verdict::error, "did not settle before"},
        Rule{"unsettled_after", SPOIL { r.ledger.settled_after = false; r.ledger.settle_ms = 2000; },
             Verdict::error, "did not settle in 2000 ms"},
        Rule{"counters_that_began_anew",
             SPOIL { r.ledger.after = {400, 400}; }, Verdict::error, "ran backwards: -600 acquired"},
        Rule{"not_read", SPOIL { r.ledger.available = false; }, Verdict::error, "not read around"},
        Rule{"no_counters", SPOIL { r.ledger.available = false; f.counters = false; f.control_ran = false; },
             Verdict::pass, "pin counters not available"},
        Rule{"no_counters_and_a_claim",
             SPOIL { s.claim = Mode::exact; r.ledger.available = f.counters = f.control_ran = false;
             r.ledger.claim = {Mode::exact, 272, 0}; },
             Verdict::skip, "pin counters not available: the 272 pages it claims were not checked"},
        Rule{"no_counters_and_a_claim_of_its_own",
             SPOIL { r.ledger.available = f.counters = f.control_ran = false;
             r.ledger.claim = {Mode::at_least, 3, 0}; },
             Verdict::skip, "the 3 pages it claims were not checked"},
        Rule{"no_counters_and_a_demand",
             SPOIL { s.claim = Mode::exact; r.ledger.available = f.counters = f.control_ran = false; },
             Verdict::skip, "what it pins was not checked"},
        Rule{"no_counters_hide_no_failure",
             SPOIL { s.claim = Mode::exact; r.ledger.available = f.counters = f.control_ran = false;
                     r.output = "KTAP version 1\n1..1\nnot ok 1 b\n"; },
             Verdict::fail, "b"},
        Rule{"no_counters_and_a_skip_of_its_own",
             SPOIL { s.claim = Mode::exact; r.ledger.available = f.counters = f.control_ran = false;
                     r.output = "TAP version 13\n1..0 # SKIP no drive\n"; },
             Verdict::skip, "no drive"},
        Rule{"exact_claim_met", SPOIL { s.claim = Mode::exact; r.ledger.claim = {Mode::exact, 272, 0}; },
             Verdict::pass, ""},
        Rule{"exact_claim_missed",
             SPOIL { r.ledger.claim = {Mode::exact, 272, 0}; r.ledger.after = r.ledger.before; },
             Verdict::fail, "pinned 0 of 272 pages claimed"},
        Rule{"exact_claim_exceeded", SPOIL { r.ledger.claim = {Mode::exact, 271, 0}; },
             Verdict::fail, "pinned 272 of 271"},
        Rule{"at_least_met", SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::at_least, 272, 0}; },
             Verdict::pass, ""},
        Rule{"at_least_missed", SPOIL { r.ledger.claim = {Mode::at_least, 273, 0}; },
             Verdict::fail, "pinned 272 of at least 273"},
        Rule{"demanded_exact_none_made", SPOIL { s.claim = Mode::exact; }, Verdict::error, "made none"},
        Rule{"demanded_exact_weaker_made", SPOIL { s.claim = Mode::exact;
             r.ledger.claim = {Mode::at_least, 1, 0}; },
             Verdict::error, "only claimed \"at least\""},
        Rule{"demanded_at_least_of_a_test_that_cannot_claim", SPOIL { s.claim = Mode::at_least;
             }, Verdict::pass, ""},
        Rule{"demanded_at_least_and_claimed_to_be_nothing",
             SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::at_least, 0, 0};
             r.ledger.after = r.ledger.before; },
             Verdict::fail, "no pages pinned"},
        Rule{"demanded_at_least_where_plain_references_were_found",
             SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::at_least, 0, 0};
             r.ledger.after = r.ledger.before; r.output += "# capability dio.bdev get\n"; },
             Verdict::pass, ""},
        Rule{"demanded_at_least_where_the_data_was_copied",
             SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::at_least, 0, 0};
             r.ledger.after = r.ledger.before; r.output += "# capability dio.btrfs.write copied\n"; },
             Verdict::pass, ""},
        Rule{"demanded_at_least_where_only_another_path_takes_plain_references",
             SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::at_least, 0, 0};
             r.ledger.after = r.ledger.before;
             r.output += "# capability dio.nfs get\n# capability dio.bdev pin\n"; },
             Verdict::fail, "no pages pinned"},
        Rule{"demanded_at_least_where_pins_were_found",
             SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::at_least, 0, 0};
             r.ledger.after = r.ledger.before; r.output += "# capability dio.bdev pin\n"; },
             Verdict::fail, "no pages pinned"},
        Rule{"demanded_at_least_and_nothing_pinned",
             SPOIL { s.claim = Mode::at_least; r.ledger.after = r.ledger.before; },
             Verdict::fail, "no pages pinned"},
        Rule{"demanded_at_least_stronger_made",
             SPOIL { s.claim = Mode::at_least; r.ledger.claim = {Mode::exact, 272, 0}; },
             Verdict::pass, ""},
        Rule{"skipped_owes_no_claim", SPOIL { s.claim = Mode::exact;
             r.output = "TAP version 13\n1..0 # SKIP x\n"; },
             Verdict::skip, "x"},
        Rule{"all_cases_failed_and_owe_no_claim", SPOIL { s.claim = Mode::exact;
             r.output = "KTAP version 1\n1..2\nnot ok 1 a\nnot ok 2 b\n"; r.exit.code = 1; },
             Verdict::fail, "2 of 2 cases failed"},
        Rule{"a_case_passed_and_owes_a_claim", SPOIL { s.claim = Mode::exact;
             r.output = "KTAP version 1\n1..2\nnot ok 1 a\nok 2 b\n"; r.exit.code = 1; },
             Verdict::error, "made none"},
        Rule{"lost_has_no_ledger",
             SPOIL { r.exit = {Exit::lost, 0}; r.ledger = {}; f.outcome.kind = JobOutcome::Kind::panicked; },
             Verdict::crash, "kernel died"}),
    rule_name);

INSTANTIATE_TEST_SUITE_P(
    Agent, Rules,
    testing::Values(
        Rule{"stuck_process",
             SPOIL { r.stuck = {{12, "fio", "D", "[<0>] folio_wait_bit+0x1/0x2"}}; r.stuck_count = 1; },
             Verdict::timeout, "a process is left in the kernel after SIGKILL: 12 (fio) in state D"},
        Rule{"stuck_processes_without_names", SPOIL { r.stuck_count = 3; },
             Verdict::timeout, "3 processes are left"},
        Rule{"stuck_process_of_a_skipped_test",
             SPOIL { r.stuck_count = 1; r.output = "TAP version 13\n1..0 # SKIP x\n"; },
             Verdict::timeout, "left"},
        Rule{"forged_record", SPOIL { r.findings = {{model::RecordFinding::Kind::forged, "written by it"}}; },
             Verdict::error, "written by it"},
        Rule{"claim_that_is_none",
             SPOIL { r.findings = {{model::RecordFinding::Kind::bad_claim, "\"exactly\""}}; },
             Verdict::error, "exactly"},
        Rule{"left_processes", SPOIL { r.leftover = 2; }, Verdict::pass,
             "2 of its processes were still alive"}),
    rule_name);

INSTANTIATE_TEST_SUITE_P(
    Kernel, Rules,
    testing::Values(
        Rule{"silent_console", SPOIL { r.logged = false; }, Verdict::error, "the kernel's log is lost"},
        Rule{"oops", SPOIL { f.events = {event_of("oops", s.name)};
             }, Verdict::crash, "oops title (console line 7)"},
        Rule{"panic", SPOIL { f.events = {event_of("panic", s.name)}; }, Verdict::crash, "panic title"},
        Rule{"bug", SPOIL { f.events = {event_of("bug", s.name)}; }, Verdict::crash, "bug title"},
        Rule{"kasan", SPOIL { f.events = {event_of("kasan", s.name)}; }, Verdict::crash, "kasan title"},
        Rule{"silent_console_of_a_dead_guest",
             SPOIL {
               r.logged = false;
               r.exit = {Exit::lost, 0};
               f.outcome.kind = JobOutcome::Kind::panicked;
             },
             Verdict::crash, "kernel died"},
        Rule{"kfence", SPOIL { f.events = {event_of("kfence", s.name)}; }, Verdict::crash, "kfence title"},
        Rule{"bad_page", SPOIL { f.events = {event_of("bad_page", s.name)};
             }, Verdict::crash, "bad_page title"},
        Rule{"refcount", SPOIL { f.events = {event_of("refcount", s.name)};
             }, Verdict::crash, "refcount title"},
        Rule{"slab", SPOIL { f.events = {event_of("slab", s.name)}; }, Verdict::crash, "slab title"},
        Rule{"reboot", SPOIL { f.events = {event_of("reboot", s.name)}; }, Verdict::crash, "reboot title"},
        Rule{"warning", SPOIL { f.events = {event_of("warning", s.name)}; }, Verdict::fail, "warning title"},
        Rule{"lockdep", SPOIL { f.events = {event_of("lockdep", s.name)}; }, Verdict::fail, "lockdep title"},
        Rule{"ubsan", SPOIL { f.events = {event_of("ubsan", s.name)}; }, Verdict::fail, "ubsan title"},
        Rule{"unknown_kind", SPOIL { f.events = {event_of("new_kind", s.name)};
             }, Verdict::fail, "new_kind title"},
        Rule{"fatal_warning", SPOIL { f.events = {event_of("warning", s.name, true)}; },
             Verdict::crash, "warning title"},
        Rule{"events_lost", SPOIL { f.events = {event_of("events_lost", s.name)};
             }, Verdict::error, "events_lost title"},
        Rule{"hardware", SPOIL { f.events = {event_of("hardware", s.name)};
             }, Verdict::error, "hardware title"},
        Rule{"page_dump_is_nothing", SPOIL { f.events = {event_of("page_dump", s.name)};
             }, Verdict::pass, ""},
        Rule{"event_of_another_test", SPOIL { f.events = {event_of("oops", "other/test")};
             }, Verdict::pass, ""},
        Rule{"taint", SPOIL { r.taint_after = (1U << 9) | (1U << 5); }, Verdict::fail, "kernel tainted: BW"},
        Rule{"unknown_taint", SPOIL { r.taint_after = 1U << 30; }, Verdict::fail, "(bit 30)"},
        Rule{"old_taint", SPOIL { r.taint_before = r.taint_after = 1U << 9; }, Verdict::pass, ""},
        Rule{"taint_not_read_before", SPOIL { r.taint_before.reset();
             }, Verdict::error, "could not be read before"},
        Rule{"taint_not_read_after", SPOIL { r.taint_after.reset();
             }, Verdict::error, "could not be read after"},
        Rule{"taint_with_its_event", SPOIL { r.taint_after = 1U << 9;
             f.events = {event_of("warning", s.name)}; },
             Verdict::fail, "warning title"},
        Rule{"announced",
             SPOIL { r.output += "# expects kernel: warning t\n"; r.taint_after = 1U << 9;
             f.events = {event_of("warning", s.name)}; },
             Verdict::pass, ""},
        Rule{"announced_another",
             SPOIL { r.output += "# expects kernel: lockdep t\n";
             f.events = {event_of("warning", s.name), event_of("lockdep", s.name)}; },
             Verdict::fail, "warning title"},
        Rule{"announced_and_not_seen", SPOIL { r.output += "# expects kernel: warning title\n"; },
             Verdict::fail, "did not occur: warning title"},
        Rule{"a_crash_cannot_be_announced",
             SPOIL { r.output += "# expects kernel: oops title\n"; f.events = {event_of("oops", s.name)}; },
             Verdict::crash, "oops title"},
        Rule{"hung_task", SPOIL { f.events = {event_of("hung_task", s.name)}; },
             Verdict::timeout, "hung_task title"},
        Rule{"soft_lockup", SPOIL { f.events = {event_of("soft_lockup", s.name)}; r.taint_after = 1U << 14; },
             Verdict::timeout, "soft_lockup title"},
        Rule{"taint_that_the_event_does_not_cause",
             SPOIL { r.output += "# expects kernel: warning t\n"; r.taint_after = (1U << 9) | (1U << 5);
             f.events = {event_of("warning", s.name)}; },
             Verdict::fail, "kernel tainted: B,"},
        Rule{"announced_more_often_than_seen",
             SPOIL { r.output += "# expects kernel 3: warning t\n"; f.events = {event_of("warning", s.name)};
             f.events[0].count = 2; },
             Verdict::pass, ""},
        Rule{"seen_more_often_than_announced",
             SPOIL { r.output += "# expects kernel: warning t\n"; f.events = {event_of("warning", s.name)};
             f.events[0].count = 3; },
             Verdict::fail, "2 times, 1 of them announced"},
        Rule{"announced_twice",
             SPOIL { r.output += "# expects kernel: warning t\n# expects kernel: warning t\n";
             f.events = {event_of("warning", s.name)}; f.events[0].count = 2; },
             Verdict::pass, ""},
        Rule{"empty_announcement", SPOIL { r.output += "# expects kernel:\n";
             f.events = {event_of("warning", s.name)}; },
             Verdict::error, "is invalid"},
        Rule{"short_announcement", SPOIL { r.output += "# expects kernel: warning\n";
             f.events = {event_of("warning", s.name)}; },
             Verdict::error, "at least 8 characters"},
        Rule{"announcement_of_no_number", SPOIL { r.output += "# expects kernel x: warning t\n"; },
             Verdict::error, "is invalid"},
        Rule{"lost_events_beside_a_crash",
             SPOIL { f.events = {event_of("events_lost", s.name), event_of("oops", s.name)}; },
             Verdict::crash, "events_lost title"},
        Rule{"once_was_not_armed", SPOIL { r.once_armed = false; }, Verdict::error, "clear_warn_once"},
        Rule{"a_kernel_that_cannot_arm_once", SPOIL { r.once_armed = false; r.once_absent = true; },
             Verdict::pass, "clear_warn_once"},
        Rule{"taint_with_a_page_dump", SPOIL { r.taint_after = 1U << 5;
             f.events = {event_of("page_dump", s.name)}; },
             Verdict::fail, "kernel tainted: B"}),
    rule_name);
// clang-format on

void exit_code(model::TestSpec& s, model::TestRecord& r, int code) {
  s.format = model::OutputFormat::exit_code;
  r.output = "first\nlast words\n";
  r.exit.code = code;
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(
    ExitCode, Rules,
    testing::Values(
        Rule{"code_0", SPOIL { exit_code(s, r, 0); }, Verdict::pass, ""},
        Rule{"code_1", SPOIL { exit_code(s, r, 1); }, Verdict::fail, "exit code 1: last words"},
        Rule{"code_2", SPOIL { exit_code(s, r, 2); }, Verdict::xfail, "exit code 2"},
        Rule{"code_3", SPOIL { exit_code(s, r, 3); }, Verdict::xpass, "exit code 3"},
        Rule{"code_4", SPOIL { exit_code(s, r, 4); }, Verdict::skip, "last words"},
        Rule{"code_5", SPOIL { exit_code(s, r, 5); }, Verdict::fail, "exit code 5"},
        Rule{"cut_output_is_noted", SPOIL { exit_code(s, r, 0); r.dropped = 9; }, Verdict::pass, "9 bytes"}),
    rule_name);
// clang-format on

void gup(model::TestSpec& s, model::TestRecord& r, const char* output, int code = 0) {
  s.format = model::OutputFormat::gup_test;
  r.output = output;
  r.exit.code = code;
}
constexpr const char* gup_612 =
    "TAP version 13\n1..1\n# PIN_FAST_BENCHMARK: Time: get:123 put:45 us# \nok 1 ioctl status 0\n"
    "# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\n";

// clang-format off
INSTANTIATE_TEST_SUITE_P(
    GupTest, Rules,
    testing::Values(
        Rule{"of_6_1", SPOIL { gup(s, r, "PIN_FAST_BENCHMARK: Time: get:123 put:45 us\n");
             }, Verdict::pass, ""},
        Rule{"of_6_12", SPOIL { gup(s, r, gup_612); }, Verdict::pass, ""},
        Rule{"basic_of_6_1", SPOIL { gup(s, r, "PIN_BASIC_TEST: done\n"); }, Verdict::pass, ""},
        Rule{"basic_of_6_12",
             SPOIL { gup(s, r, "TAP version 13\n1..1\n# PIN_BASIC_TEST: done\nok 1 ioctl status 0\n"); },
             Verdict::pass, ""},
        Rule{"truncated_6_1", SPOIL { gup(s, r,
             "PIN_FAST_BENCHMARK: Time: get:1 put:4 us, truncated (size: 0)\n"); },
             Verdict::fail, "truncated (size: 0)"},
        Rule{"truncated_6_12",
             SPOIL { gup(s, r, "TAP version 13\n1..1\n# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# , "
                               "truncated (size: 4096)# \nok 1 ioctl status 0\n"); },
             Verdict::fail, "truncated (size: 4096)"},
        Rule{"truncated_basic", SPOIL { gup(s, r, "PIN_BASIC_TEST: done\nTruncated (size: 0)\n"); },
             Verdict::fail, "Truncated (size: 0)"},
        Rule{"nothing_measured", SPOIL { gup(s, r, "TAP version 13\n1..1\nok 1 ioctl status 0\n"); },
             Verdict::error, "nothing was measured"},
        Rule{"no_output_of_gup_test", SPOIL { gup(s, r, ""); }, Verdict::error, "nothing was measured"},
        Rule{"ioctl_failed",
             SPOIL { gup(s, r, "TAP version 13\n1..1\n# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \n"
                               "not ok 1 ioctl status -1\n"); },
             Verdict::fail, "ioctl status -1"},
        Rule{"ioctl_failed_6_1", SPOIL { gup(s, r, "", 1); r.errors = "ioctl: Bad address\n"; },
             Verdict::error, "exit code 1: ioctl: Bad address"},
        Rule{"no_gup_test_6_12",
             SPOIL { gup(s, r, "TAP version 13\n1..1\nok 1 # SKIP Please run this test as root\n"); },
             Verdict::skip, "Please run"},
        Rule{"no_gup_test_6_1", SPOIL { gup(s, r, "check if CONFIG_GUP_TEST is enabled in kernel config\n",
             4); },
             Verdict::skip, "CONFIG_GUP_TEST"},
        Rule{"threads_end_in_any_order",
             SPOIL { gup(s, r, "TAP version 13\n1..2\n# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \n"
                     "ok 2 ioctl status 0\n"
                               "# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \nok 1 ioctl status 0\n"); },
             Verdict::pass, ""},
        Rule{"one_thread_twice_and_one_never",
             SPOIL { gup(s, r, "TAP version 13\n1..2\n# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \n"
                     "ok 2 ioctl status 0\n"
                               "# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \nok 2 ioctl status 0\n"); },
             Verdict::error, "wrong_number"},
        Rule{"threads_share_a_name",
             SPOIL { gup(s, r, "TAP version 13\n1..2\n# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \n"
                     "ok 1 ioctl status 0\n"
                               "# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \nok 2 ioctl status 0\n"); },
             Verdict::pass, ""},
        Rule{"a_thread_died",
             SPOIL { gup(s, r, "TAP version 13\n1..2\n# PIN_FAST_BENCHMARK: Time: get:1 put:4 us# \n"
                               "ok 1 ioctl status 0\n"); },
             Verdict::error, "1 of 2 planned"}),
    rule_name);
// clang-format on

TEST(Judge, CollectsTheMedianOfGupTestsTimes) {
  JobFacts f = passing_facts();
  gup(f.planned[0], f.records[0],
      "PIN_FAST_BENCHMARK: Time: get:900 put:9 us\nPIN_FAST_BENCHMARK: Time: get:100 put:1 us\n"
      "PIN_FAST_BENCHMARK: Time: get:200 put:2 us\n");
  const auto v = first(f);
  EXPECT_EQ(v.numbers.at("get_us"), 200);
  EXPECT_EQ(v.numbers.at("put_us"), 2);
}

TEST(Judge, KeepsWhatSpeaksAgainstATestBesideItsCases) {
  using testing::ElementsAre;
  JobFacts f = passing_facts();
  f.records[0].output = "KTAP version 1\n1..1\nnot ok 1 b\n";
  EXPECT_THAT(first(f).own, testing::IsEmpty()) << "the case says it";
  f.records[0].ledger.after.released -= 5;
  f.records[0].stuck_count = 1;
  f.events = {event_of("warning", f.planned[0].name)};
  EXPECT_EQ(first(f).verdict, Verdict::leak);
  EXPECT_THAT(first(f).own, ElementsAre(Verdict::leak, Verdict::timeout, Verdict::fail));
}

TEST(Judge, KeepsWhatWasPrintedAboutAFailingCase) {
  JobFacts f = passing_facts();
  f.records[0].output =
      "KTAP version 1\n1..3\n# fine\nok 1 one\n# x.c:9: 4 != 5\nnot ok 2 two\n# why\nok 3 three # SKIP no\n"
      "# the end\n";
  f.records[0].errors = "oh\n\nno\n";
  const auto rows = judge(f).verdicts;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_THAT(rows[0].diagnostics, testing::ElementsAre("the end", "stderr: oh", "stderr: no"));
  EXPECT_THAT(rows[1].diagnostics, testing::IsEmpty());
  EXPECT_THAT(rows[2].diagnostics, testing::ElementsAre("x.c:9: 4 != 5"));
  EXPECT_THAT(rows[3].diagnostics, testing::IsEmpty());
}

TEST(Judge, KeepsBothEndsOfLongDiagnostics) {
  JobFacts f = passing_facts();
  f.records[0].output = "KTAP version 1\n1..1\n";
  for (int i = 0; i < 30; ++i) f.records[0].output += fmt::format("# {} {}\n", i, std::string(400, 'x'));
  f.records[0].output += "not ok 1 one\n";
  const auto row = judge(f).verdicts.at(1);
  ASSERT_EQ(row.diagnostics.size(), 20U);
  EXPECT_EQ(row.diagnostics[0].size(), 300U);
  EXPECT_TRUE(row.diagnostics[3].starts_with("3 x"));
  EXPECT_EQ(row.diagnostics[4], "... (11 lines omitted)");
  EXPECT_TRUE(row.diagnostics[5].starts_with("15 x"));
  EXPECT_TRUE(row.diagnostics[19].starts_with("29 x"));
}

TEST(Judge, CollectsTheNumbersThatATestPrints) {
  JobFacts f = passing_facts();
  f.records[0].output += "# number a.get_us 12.5\n# number b none\n# number c\n";
  const auto v = first(f);
  EXPECT_EQ(v.numbers, (std::map<std::string, double>{{"a.get_us", 12.5}}));
}

}  // namespace
}  // namespace pinrig::verdict
