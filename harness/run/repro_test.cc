// SPDX-License-Identifier: GPL-2.0
#include "run/repro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/repro.h"
#include "job/testing.h"
#include "run/leftovers.h"
#include "run/record.h"
#include "run/shell_input.h"
#include "vm/testing.h"

namespace pinrig::run {
namespace {

using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A stored run of a base and a tip with three tests each, as it leaves its folders.
class Repro : public testing::Test {
 protected:
  void SetUp() override {
    auto store = open_store(place_.services.paths);
    ASSERT_TRUE(store.has_value());
    store_.emplace(std::move(*store));
    run_.id = "20261121-010203-4f2a";
    run_.dir = (place_.dir.path() / "run").string();
    std::vector<store::KernelRow> kernels;
    std::vector<store::GuestRow> guests;
    for (const char* id : {"base-x86_64", "tip-x86_64"}) {
      kernels.push_back({.run_id = run_.id, .id = id});
      guests.push_back({.run_id = run_.id, .kernel_id = id, .id = id});
      guests.back().dir = (fs::path(run_.dir) / "guests" / id).string();
      auto job = job::job_spec(place_.dir.path(), {"bio/a", "bio/b", "bio/c"});
      job.guest_id = id;
      ASSERT_TRUE(make_dirs(guests.back().dir).has_value());
      ASSERT_TRUE(job::write_repro(job, guests.back().dir, "/usr/bin/pinrig").has_value());
    }
    ASSERT_TRUE(store_->begin_run(run_, kernels, guests).has_value());
    end(guests[0], {Verdict::pass, Verdict::pass, Verdict::pass});
    end(guests[1], {Verdict::pass, Verdict::leak, Verdict::crash});
  }

  void end(store::GuestRow guest, const std::vector<Verdict>& verdicts) {
    static constexpr const char* names[] = {"bio/a", "bio/b", "bio/c"};
    guest.outcome = {model::JobOutcome::Kind::completed, model::Phase::none, ""};
    std::vector<model::AssessedResult> rows;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      rows.emplace_back();
      rows.back().result.verdict.test = names[i];
      rows.back().result.verdict.verdict = verdicts[i];
    }
    std::vector<model::KernelEvent> events;
    if (guest.id == "tip-x86_64") {
      events = {{.kind = "warning",
                 .title = "WARNING in try_grab_folio",
                 .function = "try_grab_folio",
                 .owner = "bio/b"},
                {.kind = "panic",
                 .title = "panic in bio_release_pages",
                 .function = "bio_release_pages",
                 .owner = "bio/b",
                 .fatal = true},
                {.kind = "warning", .title = "other", .function = "elsewhere", .owner = "bio/a"}};
    }
    ASSERT_TRUE(store_->end_guest(guest, {}, rows, events).has_value());
  }

  /// As a run assesses them: the leak of bio/b is expected.
  void expect_leak() {
    const model::Assessment fine, expected{.rule = model::Rule::expectation, .reason = "", .reference = ""},
        failure{.rule = model::Rule::failure, .reason = "", .reference = ""};
    ASSERT_TRUE(store_
                    ->assess_run(run_.id, {{.kernel_id = "tip-x86_64",
                                            .guests = {{"tip-x86_64", {fine, expected, failure}}}}})
                    .has_value());
  }

  ReproChoice choice(const Line& line) { return choose_line(*store_, run_, line).value(); }
  ReproEnd many(const ReproOptions& o) {
    return repro(o, place_.services, [this](const std::string& line) { said_.push_back(line); }).value();
  }

  job::Place place_;
  store::RunRow run_;
  std::optional<store::Store> store_;
  std::vector<std::string> said_;
};

TEST_F(Repro, TheFirstRedLineIsChosen) {
  const auto c = choice({});
  EXPECT_EQ(c.test, "bio/b");
  EXPECT_EQ(c.kernel, "tip-x86_64");
  EXPECT_EQ(c.seen, "leak");
  EXPECT_EQ(c.before, 1);
  EXPECT_EQ(c.suspect, "bio_release_pages") << "of the report that ended the guest";
  EXPECT_EQ(c.job_file, fs::path(run_.dir) / "guests/tip-x86_64/job.json");
}

TEST_F(Repro, WhatIsNotAsExpectedComesFirst) {
  expect_leak();
  EXPECT_EQ(choice({}).test, "bio/c");
  EXPECT_EQ(choice({}).suspect, "") << "the kernel blamed nothing while it ran";
}

TEST_F(Repro, ATestThatIsNamedIsTakenWhereItFailed) {
  EXPECT_EQ(choice({.test = "bio/c"}).kernel, "tip-x86_64");
  EXPECT_EQ(choice({.test = "bio/a"}).kernel, "base-x86_64") << "it failed nowhere";
  EXPECT_EQ(choice({.test = "bio/c", .kernel = "base-x86_64"}).seen, "pass");
}

TEST_F(Repro, WhatTheRunDoesNotHaveIsNamed) {
  const auto message = [&](const Line& line) { return choose_line(*store_, run_, line).error().message; };
  EXPECT_THAT(message({.test = "bio/z"}), HasSubstr("has no result of bio/z"));
  EXPECT_THAT(message({.test = "", .kernel = "base-x86_64"}), HasSubstr("has no red line on base-x86_64"));
  EXPECT_THAT(message({.test = "", .kernel = "7-x86_64"}), HasSubstr("--kernel 7-x86_64: run"));
  EXPECT_EQ(choose_line(*store_, run_, {.test = "bio/z"}).error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(choose_line(*store_, run_, {.test = "", .kernel = "7-x86_64"}).error().hint,
              HasSubstr("base-x86_64, tip-x86_64"));
}

TEST_F(Repro, AttemptsThatAllPassSayHowLittleThatMeans) {
  const vm::FakeQemu fake("measures");
  const auto end = many({.choice = choice({}), .repeat = 12});
  EXPECT_EQ(end.code, ExitCode::ok);
  EXPECT_EQ(end.attempts.count(), 12);
  EXPECT_EQ(end.attempts.red(), 0);
  EXPECT_THAT(said_,
              ElementsAre(HasSubstr("bio/b: not reproduced, 0 of 10 failed"), HasSubstr("0 of 12 failed")))
      << "two guests";
}

TEST_F(Repro, OneThatFailsSometimesIsFlaky) {
  const vm::FakeQemu fake("second_test_kills_once");
  const auto end = many({.choice = choice({}), .repeat = 5});
  EXPECT_EQ(end.code, ExitCode::regressions);
  EXPECT_EQ(assess::steadiness(end.attempts), assess::Steadiness::flaky);
  EXPECT_EQ(end.attempts.seen, (std::map<Verdict, int>{{Verdict::pass, 4}, {Verdict::crash, 1}}));
}

TEST_F(Repro, UntilFailStopsAtTheFirstFailure) {
  const vm::FakeQemu fake("second_test_kills_once");
  const auto end = many({.choice = choice({}), .repeat = 0, .until_fail = true});
  EXPECT_EQ(end.code, ExitCode::regressions);
  EXPECT_EQ(end.attempts.count(), 2);
  EXPECT_EQ(end.attempts.red(), 1);
  EXPECT_TRUE(fs::exists(end.dir / "console.raw"));
}

TEST_F(Repro, UntilFailEndsWithItsAttempts) {
  const vm::FakeQemu fake("measures");
  const auto end = many({.choice = choice({}), .repeat = 3, .until_fail = true});
  EXPECT_EQ(end.code, ExitCode::ok);
  EXPECT_EQ(end.attempts.count(), 3);
}

// The second test of a guest dies there: alone it passes, after the one before it never.
TEST_F(Repro, BeforeRepeatsTheOrderOfTheRun) {
  const vm::FakeQemu fake("second_test_kills_once");
  const auto alone = many({.choice = choice({}), .repeat = 1});
  EXPECT_EQ(alone.attempts.red(), 0);
  const auto after = many({.choice = choice({}), .before = true, .repeat = 3});
  EXPECT_EQ(after.attempts.seen, (std::map<Verdict, int>{{Verdict::crash, 3}}));
  EXPECT_EQ(assess::steadiness(after.attempts), assess::Steadiness::steady_red);
}

TEST_F(Repro, ATestThatTheKernelCannotRunIsAnError) {
  auto job = job::job_spec(place_.dir.path(), {"bio/b"});
  job.skips["bio/b"] = "this kernel has no CONFIG_X";
  ASSERT_TRUE(job::write_repro(job, choice({}).job_file.parent_path(), "/usr/bin/pinrig").has_value());
  const auto r = repro({.choice = choice({})}, place_.services, [](const std::string&) {});
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().message, "bio/b cannot run: this kernel has no CONFIG_X");
}

TEST(TestCommand, HasWhatTheAgentGivesATest) {
  model::TestSpec t;
  t.program = "bio/dio_rw";
  t.args = {"read", "two words"};
  t.env = {{"PINRIG_X", "a b"}};
  EXPECT_EQ(test_command(t), "cd /tmp && PINRIG_X='a b' /tests/bio/dio_rw read 'two words'");
  t.program = "kernel:cow";
  t.args = {};
  t.env = {};
  t.needs.fs = "ext4";
  EXPECT_EQ(test_command(t), "cd /mnt/ext4 && /tests/kernel/cow");
}

}  // namespace
}  // namespace pinrig::run
