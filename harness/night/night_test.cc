// SPDX-License-Identifier: GPL-2.0
// Nights with a pinrig that only pretends: killed, resumed, out of time, with a broken step.
#include "night/night.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/testing.h"

namespace pinrig::night {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t evening = 20789LL * 86400 + 20 * 3600;

model::NightSpec three_steps() {
  model::NightSpec out;
  out.name = "default";
  out.hours = 10;
  for (const char* name : {"a", "b", "c"}) {
    model::NightStep s;
    s.name = name;
    s.kind = model::NightStep::Kind::prove;  // leaves no run to look for
    s.spec = name;
    out.steps.push_back(s);
  }
  return out;
}

class NightTest : public ::testing::Test {
 protected:
  NightTest() : dir_(std::move(TempDir::create(fs::temp_directory_path(), "night-test")).value()) {
    paths_.project = paths_.cache = dir_.path();
    paths_.state = dir_.path() / "state";
    host_.now = [this] { return now_; };
    host_.free_bytes = [this]() -> Result<std::uintmax_t> { return free_; };
    host_.say = [](const std::string&) {};
    host_.execute = [this](const auto& words, const fs::path&, double) -> Result<StepEnd> {
      done_.push_back(words.back());
      now_ += 600;
      const auto it = ends_.find(words.back());
      return it == ends_.end() ? StepEnd{0, false} : it->second;
    };
  }
  fs::path folder() const { return folder_of(paths_.state, "n1"); }
  NightRecord plan(const std::map<std::string, Past>& past = {}) const {
    return plan_night(spec_, past, "n1", evening, "0000001fcafe", 31);
  }
  std::vector<std::string> states(const NightRecord& r) const {
    std::vector<std::string> out;
    for (const auto& s : r.steps)
      out.push_back(s.name + " " + to_string(s.state) + " " + std::to_string(s.exit_code));
    return out;
  }
  /// What a step with this end and without a run counts for.
  static ExitCode code_of_one(int exit_code, StepState state = StepState::done) {
    NightRecord r;
    r.steps.resize(1);
    r.steps[0].words = {"prove"};
    r.steps[0].state = state;
    r.steps[0].exit_code = exit_code;
    report::Fixture f;
    return code_of(report_on(r, f.store).value());
  }

  TempDir dir_;
  Paths paths_;
  Host host_;
  model::NightSpec spec_ = three_steps();
  std::int64_t now_ = evening;
  std::uintmax_t free_ = 1ull << 40;
  std::map<std::string, StepEnd> ends_;
  std::vector<std::string> done_;
};

TEST_F(NightTest, ABrokenStepCostsItselfOnly) {
  ends_["a"] = {3, false};
  ends_["b"] = {std::nullopt, false};
  auto record = plan();
  ASSERT_TRUE(carry_out(spec_, record, paths_, {}, folder(), host_).has_value());
  EXPECT_THAT(states(record), ElementsAre("a done 3", "b done -1", "c done 0"));
  EXPECT_EQ(record.steps[1].why, "killed by a signal");
  EXPECT_GT(record.finished, record.began);
}

TEST_F(NightTest, AKilledNightGoesOnWithoutWhatItHas) {
  auto record = plan();
  const auto whole = host_.execute;
  host_.execute = [&](const auto& words, const auto& log, double limit) -> Result<StepEnd> {
    if (words.back() == "b") return make_error(ErrorKind::cancelled, "interrupted");
    return whole(words, log, limit);
  };
  const auto cut = carry_out(spec_, record, paths_, {}, folder(), host_);
  ASSERT_TRUE(cut.has_error());
  EXPECT_EQ(cut.error().kind, ErrorKind::cancelled);
  // Another process, from what is on the disk.
  const auto nights = load_all(paths_.state);
  ASSERT_TRUE(nights.has_value());
  auto again = unfinished(nights->all, spec_, now_);
  ASSERT_TRUE(again);
  EXPECT_THAT(states(*again), ElementsAre("a done 0", "b running -1", "c planned -1"));
  host_.execute = whole;
  ASSERT_TRUE(carry_out(spec_, *again, paths_, {}, folder(), host_).has_value());
  EXPECT_THAT(done_, ElementsAre("a", "b", "c"));
  EXPECT_EQ(again->steps[1].attempts, 2);
  EXPECT_FALSE(unfinished(load_all(paths_.state)->all, spec_, now_)) << "it ended";
}

TEST_F(NightTest, AStepThatKillsTheNightIsLeftOutAtLast) {
  auto record = plan();
  record.steps[0].state = StepState::running;
  record.steps[0].attempts = 3;
  ASSERT_TRUE(carry_out(spec_, record, paths_, {}, folder(), host_).has_value());
  EXPECT_THAT(states(record), ElementsAre("a left_out -1", "b done 0", "c done 0"));
}

TEST_F(NightTest, WhatDoesNotFitIsLeftOutAndWhatFitsIsNot) {
  const std::map<std::string, Past> past{{"a", {11.0 * 3600, false}}, {"b", {60, false}}, {"c", {60, false}}};
  auto record = plan(past);
  ASSERT_TRUE(carry_out(spec_, record, paths_, past, folder(), host_).has_value());
  EXPECT_THAT(states(record), ElementsAre("a left_out -1", "b done 0", "c done 0"));
  EXPECT_THAT(record.steps[0].why, HasSubstr("no time"));
}

TEST_F(NightTest, AFullDiskBeginsNothing) {
  spec_.disk_mib = 1024;
  free_ = 1000;
  auto record = plan();
  ASSERT_TRUE(carry_out(spec_, record, paths_, {}, folder(), host_).has_value());
  EXPECT_THAT(done_, IsEmpty());
  EXPECT_THAT(record.steps[2].why, HasSubstr("no disk"));
}

TEST_F(NightTest, ANightOfYesterdayIsNotGoneOnWith) {
  auto record = plan();
  EXPECT_TRUE(unfinished({record}, spec_, evening + 3600));
  EXPECT_TRUE(unfinished({record}, spec_, evening - 86400)) << "the clock went back";
  EXPECT_FALSE(unfinished({record}, spec_, evening + 24 * 3600));
  record.spec = "another";
  EXPECT_FALSE(unfinished({record}, spec_, evening + 3600));
}

TEST_F(NightTest, ADamagedRecordCostsItselfOnly) {
  auto record = plan();
  ASSERT_TRUE(make_dirs(folder()).has_value());
  ASSERT_TRUE(save(record, folder()).has_value());
  const fs::path damaged = folder_of(paths_.state, "n2");
  ASSERT_TRUE(make_dirs(damaged).has_value());
  ASSERT_TRUE(write_file_atomic(damaged / "night.json", record_to_json(record).substr(0, 80)).has_value());
  const auto nights = load_all(paths_.state);
  ASSERT_TRUE(nights.has_value());
  EXPECT_EQ(nights->all.size(), 1u);
  ASSERT_EQ(nights->unreadable.size(), 1u);
  EXPECT_THAT(nights->unreadable[0], HasSubstr("n2/night.json"));
}

TEST_F(NightTest, TheRecordSurvivesItsFile) {
  auto record = plan();
  record.steps[1].why = "cut \"off\"";
  record.steps[1].seconds = 2.5;
  record.steps[2].against = "release";
  const auto text = record_to_json(record);
  const auto back = record_from_json(text, "x");
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(record_to_json(*back), text);
  EXPECT_THAT(record_from_json(R"({"format": "else"})", "x").error().message, HasSubstr("no pinrig-night"));
}

TEST_F(NightTest, PastIsOfTheNewestNightThatDidTheStep) {
  auto older = plan();
  older.steps[0].state = older.steps[1].state = StepState::done;
  older.steps[0].seconds = 10;
  older.steps[0].exit_code = 0;
  older.steps[1].seconds = 20;
  older.steps[1].exit_code = 1;
  auto newer = plan();
  newer.steps[0].state = StepState::done;
  newer.steps[0].seconds = 30;
  newer.steps[0].exit_code = 0;
  newer.steps[1].state = StepState::left_out;
  const auto past = past_of({newer, older}, "default");
  EXPECT_EQ(past.at("a").seconds, 30);
  EXPECT_TRUE(past.at("b").doubtful);
  EXPECT_FALSE(past.contains("c"));
}

TEST_F(NightTest, ExitCodes) {
  EXPECT_EQ(code_of_one(0), ExitCode::ok);
  EXPECT_EQ(code_of_one(1), ExitCode::regressions);
  EXPECT_EQ(code_of_one(3), ExitCode::build);
  EXPECT_EQ(code_of_one(-1), ExitCode::harness);
  EXPECT_EQ(code_of_one(139), ExitCode::harness);
  EXPECT_EQ(code_of_one(0, StepState::left_out), ExitCode::harness);
  const auto step = [](ExitCode c) { return StepReport{{}, std::nullopt, "", c}; };
  EXPECT_EQ(code_of({step(ExitCode::harness), step(ExitCode::regressions), step(ExitCode::build)}),
            ExitCode::regressions)
      << "a broken machine hides nothing";
}

/// A night of one run step whose run is in the store.
std::vector<StepReport> report_of(report::Fixture& f, const std::string& run, int exit_code,
                                  const std::string& against = {}) {
  NightRecord r;
  r.steps.resize(1);
  auto& s = r.steps[0];
  s.name = "full";
  s.words = {"run", "full"};
  s.state = StepState::done;
  s.run_id = run;
  s.exit_code = exit_code;
  s.against = against;
  return report_on(r, f.store).value();
}

void add_run(report::Fixture& f, const std::string& id, bool red) {
  store::RunRow r = f.run;
  r.id = id;
  r.purpose = "";
  r.faults = false;
  r.state = store::RunState::finished;
  r.dir = (f.dir.path() / id).string();
  auto row = report::test_row("bio/a", red ? model::Verdict::fail : model::Verdict::pass, 1);
  if (red) row = report::surprising(row, "wrong data");
  f.write(r, {report::kernel(model::Arch::x86_64, 0, "base", {row})});
}

TEST_F(NightTest, ARunWithAPartnerIsJudgedByItsDelta) {
  report::Fixture f;
  add_run(f, "n1", false);
  EXPECT_EQ(code_of(report_of(f, "n1", 0)), ExitCode::ok) << "nothing to compare with";
  add_run(f, "n2", true);
  const auto broke = report_of(f, "n2", 1);
  EXPECT_EQ(code_of(broke), ExitCode::regressions);
  add_run(f, "n3", true);
  const auto still = report_of(f, "n3", 1);
  EXPECT_EQ(code_of(still), ExitCode::ok) << "it was red the night before";
  EXPECT_EQ(code_of(report_of(f, "n3", 4)), ExitCode::harness) << "but a broken machine is news each night";
  NightRecord record;
  record.id = "n";
  record.spec = "default";
  const auto mail = mail_text(record, broke);
  EXPECT_EQ(mail.substr(0, 9), "Subject: ");
  EXPECT_THAT(mail, HasSubstr("\n\nnight n (default): 1 step: 1 with something new that is red or gone\n"));
  EXPECT_THAT(mail, HasSubstr("NEW RED (1)\n  bio/a"));
  EXPECT_EQ(mail.find('\x1b'), std::string::npos);
}

TEST_F(NightTest, ABaselineThatIsGoneIsNamed) {
  report::Fixture f;
  add_run(f, "n1", false);
  ASSERT_TRUE(f.store.set_baseline({"release", "n0", "", ""}).has_value());
  const auto gone = report_of(f, "n1", 0, "release");
  EXPECT_EQ(gone[0].problem, "run n0 of baseline release is gone");
  EXPECT_EQ(code_of(gone), ExitCode::harness);
  EXPECT_EQ(report_of(f, "n1", 0, "relaese")[0].problem, "there is no baseline relaese");
}

}  // namespace
}  // namespace pinrig::night
