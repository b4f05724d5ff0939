// SPDX-License-Identifier: GPL-2.0
#include "run/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/testing.h"
#include "run/assessment.h"
#include "run/leftovers.h"
#include "run/run_file.h"

namespace pinrig::run {
namespace {

using model::JobOutcome;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// A run of a base and one patch on x86-64, with two tests in one guest of each kernel.
class Record : public testing::Test {
 protected:
  void SetUp() override {
    in_.spec.name = "default";
    in_.spec.archs = {model::Arch::x86_64};
    in_.base.name = "debian-6.12";
    options_.tests = {"bio"};
    options_.env = {{"bio/a", {{"X", "1"}}, {}}};
    for (int n = 0; n < 2; ++n) plan_.kernels.push_back(kernel(n));
    sources_.base.tree = "tree0";
    sources_.series.subjects = {"a patch"};
    sources_.series.patches = {
        {.number = 1, .subject = "a patch", .author = "", .commit = "c1", .tree = "tree1"}};
    auto store = open_store(place_.services.paths);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    auto record = RunRecord::begin(std::move(*store), options_, in_, sources_, plan_, place_.services);
    ASSERT_TRUE(record.has_value()) << record.error().message;
    record_.emplace(std::move(*record));
    artifact_.config = place_.services.paths.state / "config";
    ASSERT_FALSE(write_file_atomic(artifact_.config, "CONFIG_BLOCK=y\n").has_error());
    platform_.accel = model::Accel::tcg;
    platform_.probe.kvm_detail = "no /dev/kvm";
  }

  static model::Kernel kernel(int point) {
    model::Kernel k;
    k.point.number = point;
    k.point.label = point == 0 ? "base" : "tip";
    k.point.tree = "tree" + std::to_string(point);
    k.point.version = "6.12.1";
    k.is_tip = point > 0;
    k.id = k.point.label + "-x86_64";
    k.config = {"", {"base", "pin"}};
    k.guests = {{.id = k.id,
                 .reason = "",
                 .machine = {},
                 .tests = {job::test_spec("bio/a"), job::test_spec("bio/b")}}};
    return k;
  }
  static job::GuestResult result(const std::vector<std::pair<std::string, Verdict>>& verdicts) {
    job::GuestResult r;
    r.guest.hello.release = "6.12.1";
    r.guest.hello.counters = true;
    r.guest.attempts = {{1, {}, 1.5, 7, "/first"}};
    r.outcome.kind = JobOutcome::Kind::completed;
    for (const auto& [name, v] : verdicts) {
      r.results.emplace_back();
      r.results.back().verdict.test = name;
      r.results.back().verdict.verdict = v;
    }
    return r;
  }
  void add(std::size_t i, const std::vector<std::pair<std::string, Verdict>>& verdicts) {
    const auto& k = plan_.kernels[i];
    ASSERT_TRUE(record_->kernel_built(k, artifact_).has_value());
    ASSERT_TRUE(record_->guest_ended(k, k.guests[0], platform_, result(verdicts)).has_value());
  }
  store::Store store() { return std::move(open_store(place_.services.paths)).value(); }

  job::Place place_;
  RunOptions options_;
  Inputs in_;
  Sources sources_;
  plan::Plan plan_;
  kbuild::Artifact artifact_;
  job::Platform platform_;
  std::optional<RunRecord> record_;
};

TEST_F(Record, ThePlanIsThereFromTheBeginning) {
  auto s = store();
  ASSERT_THAT(s.kernels(record_->id()).value(), SizeIs(2));
  const auto guests = s.guests(record_->id()).value();
  ASSERT_THAT(guests, SizeIs(2));
  EXPECT_EQ(guests[1].kernel_id, "tip-x86_64");
  EXPECT_EQ(guests[1].planned, 2);
  EXPECT_FALSE(guests[1].outcome.has_value());
}

TEST_F(Record, RunJsonSaysHowToDoItAgain) {
  const auto run = store().find_run(record_->id()).value();
  const auto recorded = read_run_file(fs::path(run->dir) / "run.json");
  ASSERT_TRUE(recorded.has_value()) << recorded.error().message;
  EXPECT_THAT(recorded->options.tests, ElementsAre("bio"));
  ASSERT_THAT(recorded->options.env, SizeIs(1));
  EXPECT_EQ(recorded->options.env[0].env.at("X"), "1");
  EXPECT_THAT(source_changes(*recorded, sources_), testing::IsEmpty());
  sources_.series.patches[0].tree = "another";
  EXPECT_THAT(source_changes(*recorded, sources_), ElementsAre(HasSubstr("tip is tree another")));
}

TEST_F(Record, TheSameInputsGiveTheSameRunJson) {
  const auto text = [&] { return run_to_json(options_, in_, sources_, plan_, place_.services); };
  EXPECT_EQ(text(), text());
}

TEST_F(Record, WhatPassesIsOkAndStored) {
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}});
  add(1, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}});
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::ok);
  auto s = store();
  const auto g = s.guests(record_->id()).value().at(0);
  EXPECT_EQ(g.cpu_model, "max,-erms,-fsrm") << "what QEMU really got";
  EXPECT_EQ(g.accel_reason, "KVM is not usable: no /dev/kvm");
  EXPECT_EQ(g.release, "6.12.1");
  EXPECT_TRUE(g.dir.ends_with("guests/base-x86_64"));
  EXPECT_THAT(s.attempts(record_->id(), "base-x86_64").value(), SizeIs(1));
  const auto rows = s.results(record_->id(), "base-x86_64").value();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].assessment->rule, model::Rule::fine);
  EXPECT_EQ(s.find_run(record_->id()).value()->state, store::RunState::finished);
}

TEST_F(Record, ALossAgainstTheBaseIsARegressionAndTheVerdictStays) {
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  add(1, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}});
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::regressions);
  const auto row = store().results(record_->id(), "tip-x86_64").value().at(1);
  EXPECT_EQ(row.verdict().verdict, Verdict::skip);
  EXPECT_EQ(row.assessment->rule, model::Rule::lost);
}

TEST_F(Record, AKernelThatDoesNotBuildIsOneLineAndNoRegression) {
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  auto error = make_error(ErrorKind::build_failed, "patch 1 does not build:\nmm/gup.c:7: error", "see it");
  const auto logs = TempDir::create(fs::temp_directory_path(), "record-logs-").value();
  error.build = BuildFailure{.log = logs.path() / "tip.build.log"};
  ASSERT_TRUE(write_file_atomic(error.build->log, "mm/gup.c:7: error\n").has_value());
  const auto failed = record_->kernel_failed(plan_.kernels[1], error);
  ASSERT_TRUE(failed.has_value());
  fs::remove(error.build->log);
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::build);
  const auto k = store().kernels(record_->id()).value().at(1);
  EXPECT_EQ(k.state, store::KernelState::build_failed);
  EXPECT_EQ(k.failure, "patch 1 does not build: mm/gup.c:7: error");
  EXPECT_THAT(k.notes, ElementsAre("see it"));
  EXPECT_EQ(read_file(k.build_log).value(), "mm/gup.c:7: error\n")
      << "the run keeps it, whatever the cache does";
  EXPECT_THAT(store().results(record_->id(), "tip-x86_64").value(), testing::IsEmpty());
}

TEST_F(Record, TheConfigurationOfAKernelDecidesWhichSkipsAreListed) {
  in_.requirements = {{.name = "new", .range = {}, .capabilities = {}, .skips = {}}};
  in_.requirements[0].skips = {
      {.tests = "bio/b", .range = {}, .without = {"BLOCK"}, .sometimes = false, .reason = "no"}};
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}});
  add(1, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}});
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::regressions) << "it was built with BLOCK";
}

TEST_F(Record, AKilledRunIsInterruptedByTheNextThatLooks) {
  const std::string id = record_->id();
  EXPECT_EQ(store().find_run(id).value()->state, store::RunState::running) << "its lock is held";
  record_.reset();
  EXPECT_EQ(store().find_run(id).value()->state, store::RunState::interrupted);
}

TEST_F(Record, AnInterruptionOutranksWhatTheRowsSay) {
  add(0, {{"bio/a", Verdict::leak}});
  EXPECT_EQ(record_->finish(true, in_).value(), ExitCode::interrupted);
  EXPECT_EQ(store().find_run(record_->id()).value()->state, store::RunState::interrupted);
}

}  // namespace
}  // namespace pinrig::run
