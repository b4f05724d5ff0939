// SPDX-License-Identifier: GPL-2.0
#include "job/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/guest_job.h"
#include "job/testing.h"
#include "vm/testing.h"

namespace pinrig::job {
namespace {

using model::JobOutcome;
using model::Loss;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* system_map = "ffffffff81001000 T _raw_spin_lock\nffffffff81002000 T default_idle\n";

/// A guest whose test does not end, with limits that a test can wait for.
class LostGuest : public testing::Test {
 protected:
  GuestJobResult run(const char* role) {
    const vm::FakeQemu fake(role);
    auto job = job_spec(place_.dir.path(), {"bio/a"});
    job.tests[0].limit_s = 0.1;
    job.timeouts.silence_s = 0.2;
    job.vmlinux = (place_.dir.path() / "vmlinux").string();
    EXPECT_TRUE(write_file_atomic(place_.dir.path() / "System.map", system_map).has_value());
    job.dump = order_;
    auto r = run_guest_job(job, {}, dir_, place_.cancel, place_.listener);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return std::move(*r);
  }
  std::string left(const char* name) {
    const auto text = read_file(dir_ / "last_look" / name);
    return text.has_value() ? *text : "";
  }

  Place place_;
  fs::path dir_ = place_.dir.path() / "job";
  model::DumpOrder order_;
};

TEST_F(LostGuest, AKernelThatAnswersIsAliveAndItsTestHangs) {
  const auto r = run("test_hangs");
  ASSERT_EQ(r.attempts.size(), 1u);
  EXPECT_EQ(r.attempts[0].loss, Loss::test_hung);
  EXPECT_THAT(r.attempts[0].evidence, Contains("CPU 0 in _raw_spin_lock+0x10"));
  EXPECT_EQ(r.facts.outcome.kind, JobOutcome::Kind::timed_out);
  EXPECT_THAT(r.facts.outcome.detail, HasSubstr("; test hung, kernel alive: the kernel answers sysrq"));
  EXPECT_EQ(
      left("sysrq.txt"),
      "[    9.000000] sysrq: l\n[    9.000000] sysrq: w\n[    9.000000] sysrq: t\n[    9.000000] sysrq: m\n");
  EXPECT_THAT(left("registers.txt"), HasSubstr("RIP=ffffffff81001010"));
  EXPECT_THAT(read_file(dir_ / "console.raw").value(),
              AllOf(HasSubstr("pinrig: begin bio/a"), Not(HasSubstr("sysrq"))))
      << "what the kernel was asked for is no message of its own";
}

TEST_F(LostGuest, AKernelThatDoesNotAnswerHangs) {
  const auto r = run("kernel_hangs");
  EXPECT_EQ(r.attempts.at(0).loss, Loss::kernel_hung);
  EXPECT_THAT(r.facts.outcome.detail,
              HasSubstr("; kernel hung: the kernel does not answer sysrq, CPU 0 in _raw_spin_lock+0x10"));
  EXPECT_EQ(left("sysrq.txt"), "");
  EXPECT_THAT(left("registers.txt"), HasSubstr("RIP=ffffffff81001010"));
}

TEST_F(LostGuest, AGuestThatPanicsIsLookedAtToo) {
  const auto r = run("panics_and_is_held");
  EXPECT_EQ(r.attempts.at(0).loss, Loss::panicked);
  EXPECT_THAT(r.attempts.at(0).evidence, testing::ElementsAre("the console has the kernel's last report",
                                                              "CPU 0 in _raw_spin_lock+0x10"));
  EXPECT_EQ(r.facts.outcome.kind, JobOutcome::Kind::panicked);
  EXPECT_THAT(left("registers.txt"), HasSubstr("RIP=ffffffff81001010"));
  EXPECT_FALSE(r.attempts.at(0).dump.has_value()) << "nobody asked for it";
}

TEST_F(LostGuest, AKernelMayTellQemuOfItsPanic) {
  const auto r = run("tells_of_its_panic");
  EXPECT_EQ(r.attempts.at(0).loss, Loss::panicked);
  EXPECT_THAT(r.attempts.at(0).evidence, Contains("the kernel told QEMU of its panic"));
}

TEST_F(LostGuest, IsDumpedForWhatWasAskedFor) {
  using model::DumpCause;
  const auto dumped = [&](const char* role, DumpCause asked) -> std::optional<DumpCause> {
    order_.when = {asked};
    const auto r = run(role);
    const auto& dump = r.attempts.at(0).dump;
    std::error_code ec;
    EXPECT_EQ(fs::exists(dir_ / "vmcore", ec), dump.has_value()) << role;
    fs::remove_all(dir_, ec);
    if (!dump) return std::nullopt;
    EXPECT_EQ(dump->problem, "") << role;
    EXPECT_EQ(dump->test, "bio/a");
    return dump->cause;
  };
  EXPECT_EQ(dumped("panics_and_is_held", DumpCause::crash), DumpCause::crash);
  EXPECT_EQ(dumped("panics_and_is_held", DumpCause::hang), std::nullopt);
  EXPECT_EQ(dumped("kernel_hangs", DumpCause::hang), DumpCause::hang);
  EXPECT_EQ(dumped("test_hangs", DumpCause::hang), DumpCause::hang);
  EXPECT_EQ(dumped("kernel_hangs", DumpCause::crash), std::nullopt);
  EXPECT_EQ(dumped("measures", DumpCause::crash), std::nullopt);
}

TEST_F(LostGuest, APanicWhileItSwitchesOffIsDumpedToo) {
  order_.when = {model::DumpCause::crash};
  const auto r = run("panics_at_power_off");
  EXPECT_EQ(r.facts.outcome.kind, JobOutcome::Kind::panicked);
  EXPECT_EQ(r.facts.outcome.phase, model::Phase::shutdown);
  EXPECT_EQ(r.attempts.at(0).loss, Loss::panicked);
  const auto& dump = r.attempts.at(0).dump;
  ASSERT_TRUE(dump.has_value());
  EXPECT_EQ(dump->cause, model::DumpCause::crash);
  EXPECT_EQ(dump->test, "") << "no test ran any more";
  EXPECT_TRUE(fs::exists(dump->file));
  EXPECT_THAT(left("registers.txt"), HasSubstr("RIP=ffffffff81001010"));
}

TEST(LeakingGuest, IsDumpedOnceAndGoesOn) {
  Place place;
  const vm::FakeQemu fake("first_test_leaks");
  auto job = job_spec(place.dir.path(), {"bio/a", "bio/b"});
  job.dump.when = {model::DumpCause::leak};
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  ASSERT_EQ(r->attempts.size(), 1u);
  const auto& dump = r->attempts[0].dump;
  ASSERT_TRUE(dump.has_value());
  EXPECT_EQ(dump->cause, model::DumpCause::leak);
  EXPECT_EQ(dump->test, "bio/a");
  EXPECT_EQ(r->facts.outcome.kind, JobOutcome::Kind::completed) << "and the second test ran";
  EXPECT_EQ(r->facts.records.size(), 2u);
}

TEST(DumpCause, IsToldByTheEnd) {
  using Kind = vm::GuestEnd::Kind;
  const auto cause = [](Kind kind, bool reset, bool panicked) {
    Ending e{.phase = model::Phase::test, .end = {kind}};
    e.end.reset = reset;
    return dump_cause(e, panicked);
  };
  EXPECT_EQ(cause(Kind::qemu_exited, true, false), model::DumpCause::crash);
  EXPECT_EQ(cause(Kind::hung, false, true), model::DumpCause::crash)
      << "a panic that does not come to its reset";
  EXPECT_EQ(cause(Kind::hung, false, false), model::DumpCause::hang);
  EXPECT_EQ(cause(Kind::protocol, false, false), std::nullopt);
  EXPECT_EQ(cause(Kind::cancelled, false, true), std::nullopt);
  const auto switching_off = [](bool reset, bool panicked) {
    Ending e{.phase = model::Phase::shutdown, .end = {Kind::restarted}};
    e.end.reset = reset;
    return dump_cause(e, panicked);
  };
  EXPECT_EQ(switching_off(true, false), std::nullopt) << "that is how a PC without ACPI switches off";
  EXPECT_EQ(switching_off(true, true), model::DumpCause::crash);
  EXPECT_EQ(switching_off(false, true), std::nullopt) << "nothing is left to be read";
}

TEST_F(LostGuest, WhatEndsByItselfIsNotLookedAt) {
  EXPECT_EQ(run("measures").attempts.at(0).loss, Loss::none);
  EXPECT_EQ(run("qemu_crashes").attempts.at(0).loss, Loss::qemu_gone);
  EXPECT_FALSE(fs::exists(dir_ / "last_look"));
}

/// How a guest ended, and what it was then.
struct Case {
  const char* name;
  Ending ending;
  Loss loss;
};

class LossOfEnding : public testing::TestWithParam<Case> {};

TEST_P(LossOfEnding, IsToldByFields) {
  console::Log log;
  log.line_count = 10;
  const auto facts = loss_facts(GetParam().ending, log, std::nullopt, "");
  EXPECT_EQ(verdict::judge_loss(facts).loss, GetParam().loss);
}

using End = vm::GuestEnd::Kind;
INSTANTIATE_TEST_SUITE_P(
    All, LossOfEnding,
    testing::Values(
        Case{"completed",
             {.phase = model::Phase::shutdown, .end = {End::powered_off}, .completed = true},
             Loss::none},
        Case{"retired", {.phase = model::Phase::test, .completed = true, .retired = true}, Loss::none},
        Case{"interrupted", {.phase = model::Phase::test, .end = {End::cancelled}}, Loss::none},
        Case{"disk_full", {.phase = model::Phase::test, .end = {End::disk_full}}, Loss::none},
        Case{"flood", {.phase = model::Phase::test, .end = {End::too_much_output}}, Loss::none},
        Case{"signal", {.phase = model::Phase::test, .end = {End::qemu_exited, "qemu", 11}}, Loss::qemu_gone},
        Case{"reset",
             {.phase = model::Phase::test, .end = {End::qemu_exited, "qemu", 0, true}},
             Loss::panicked},
        Case{"switched_off",
             {.phase = model::Phase::test, .end = {End::qemu_exited, "qemu exit 0"}},
             Loss::qemu_gone}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(LossFacts, AFatalReportIsAPanic) {
  console::Log log;
  log.events.push_back({.kind = "panic", .title = "Kernel panic", .fatal = true});
  const Ending ending{.phase = model::Phase::test, .end = {End::hung}};
  EXPECT_EQ(verdict::judge_loss(loss_facts(ending, log, std::nullopt, "")).loss, Loss::panicked);
}

}  // namespace
}  // namespace pinrig::job
