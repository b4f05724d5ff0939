// SPDX-License-Identifier: GPL-2.0
#include "run/record.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

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
    in_.base.source = model::KernelBase::Git{"/linux", "v6.12"};
    in_.series.emplace();
    in_.series->name = "v3";
    in_.series->patches = model::Series::Mbox{"/v3.mbox"};
    in_.spec.expect = {{.tests = "bio/z",
                        .verdicts = {Verdict::leak},
                        .points = {"tip"},
                        .archs = {},
                        .reason = "it leaks",
                        .required = false,
                        .where = {"run.yaml", 3, 5}}};
    const fs::path fragments = place_.services.paths.project / "configs/fragments";
    ASSERT_FALSE(make_dirs(fragments).has_error());
    ASSERT_FALSE(write_file_atomic(fragments / "pin.config", "CONFIG_GUP_TEST=y\n").has_error());
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

  static model::Machine machine() {
    model::Machine m;
    m.nvme = {{.serial = "pin-a"}};
    m.devices = {model::Device::iommu};
    return m;
  }
  static nlohmann::json json_of(const store::RunRow& run) {
    return nlohmann::json::parse(read_file(fs::path(run.dir) / "run.json").value());
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
                 .machine = machine(),
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
  sources_.series.patches[0].patch_id = "0123456789abcdef";
  sources_.base.commit = "another";
  EXPECT_THAT(source_changes(*recorded, sources_),
              ElementsAre(HasSubstr("the base is commit another now"),
                          HasSubstr("patch 1 \"a patch\" has patch-id 0123456789ab now, it was unknown")));
}

TEST_F(Record, WhatWasRevertedIsReadAlsoAsEarlierVersionsWroteIt) {
  const auto run = store().find_run(record_->id()).value();
  const fs::path file = fs::path(run->dir) / "reverted.json";
  const auto reverted = [&](const nlohmann::json& revert) {
    auto j = json_of(*run);
    j["options"]["revert"] = revert;
    EXPECT_TRUE(write_file_atomic(file, j.dump()).has_value());
    const auto recorded = read_run_file(file);
    EXPECT_TRUE(recorded.has_value()) << recorded.error().message;
    return recorded->options.revert;
  };
  EXPECT_THAT(reverted({"3", "1"}), ElementsAre("3", "1"));
  EXPECT_THAT(reverted(3), ElementsAre("3"));
  EXPECT_THAT(reverted(0), testing::IsEmpty());
}

TEST_F(Record, RunJsonIsTheWholeRun) {
  const auto j = json_of(*store().find_run(record_->id()).value());
  EXPECT_FALSE(j.at("command").at("argv").empty());
  EXPECT_EQ(j.at("command").at("cwd"), fs::current_path().string());
  EXPECT_EQ(j.at("base").at("kind"), "git");
  EXPECT_EQ(j.at("base").at("url"), "/linux");
  EXPECT_EQ(j.at("base").at("rev"), "v6.12");
  EXPECT_EQ(j.at("series").at("kind"), "mbox");
  EXPECT_EQ(j.at("series").at("path"), "/v3.mbox");
  EXPECT_EQ(j.at("fragments").at("pin"), "dab42223aa22369aeeae4c48940ac64fb7d8397441e9f1eea43b3d6867ef3396");
  EXPECT_TRUE(j.at("fragments").at("base").is_null()) << "no such file";
  const auto& machine = j.at("kernels").at(0).at("guests").at(0).at("machine");
  EXPECT_EQ(machine.at("nvme").at(0).at("serial"), "pin-a");
  EXPECT_EQ(machine.at("devices").at(0), "iommu");
  EXPECT_EQ(j.at("environment").at("PATH"), std::string(std::getenv("PATH")));
  EXPECT_EQ(j.at("versions").at("pinrig_commit"), "unknown") << "the project is no repository";
  EXPECT_TRUE(j.at("versions").contains("x86_64-linux-gnu-ld"));
  EXPECT_TRUE(j.at("versions").contains("as"));
}

TEST_F(Record, WhatTheRunExpectedIsThereWithoutItsFiles) {
  const auto recorded = read_run_file(fs::path(store().find_run(record_->id()).value()->dir) / "run.json");
  ASSERT_TRUE(recorded.has_value() && recorded->rules.has_value());
  ASSERT_THAT(recorded->rules->expect, SizeIs(1));
  EXPECT_EQ(recorded->rules->expect[0].tests, "bio/z");
  EXPECT_THAT(recorded->rules->expect[0].verdicts, ElementsAre(Verdict::leak));
  EXPECT_THAT(recorded->rules->expect[0].points, ElementsAre("tip"));
  EXPECT_FALSE(recorded->rules->expect[0].required);
  EXPECT_EQ(recorded->rules->base, "debian-6.12");
  EXPECT_EQ(recorded->jobs, 1);
  EXPECT_EQ(recorded->project, place_.services.paths.project.string());
}

// Relative paths would mean something else from another directory.
TEST_F(Record, PathsOfTheOptionsAreAbsolute) {
  options_.spec = "./my.yaml";
  options_.series = "patches/v3.mbox";
  options_.base = "debian-6.12";
  const auto j = nlohmann::json::parse(run_to_json(options_, in_, sources_, plan_, place_.services));
  const auto here = fs::current_path();
  EXPECT_EQ(j.at("options").at("run"), (here / "my.yaml").string());
  EXPECT_EQ(j.at("options").at("series"), (here / "patches/v3.mbox").string());
  EXPECT_EQ(j.at("options").at("base"), "debian-6.12");
  options_.series = "../linux:v6.12..topic";
  EXPECT_EQ(nlohmann::json::parse(run_to_json(options_, in_, sources_, plan_, place_.services))
                .at("options")
                .at("series"),
            (here / "../linux").lexically_normal().string() + ":v6.12..topic");
}

TEST(WithOverrides, WhatIsTypedReplacesWhatTheRunHad) {
  RunOptions then;
  then.spec = "full";
  then.series = "/v3.mbox";
  then.points = {"each"};
  then.tests = {"bio"};
  then.purpose = "prove";
  RunOptions typed;
  typed.tests = {"mm/cow"};
  typed.accel = model::Accel::tcg;
  typed.quick = true;
  typed.debug = true;
  typed.same = true;
  const auto out = with_overrides(then, typed);
  EXPECT_EQ(out.spec, "full");
  EXPECT_EQ(out.series, "/v3.mbox");
  EXPECT_THAT(out.points, ElementsAre("each"));
  EXPECT_THAT(out.tests, ElementsAre("mm/cow"));
  EXPECT_EQ(out.accel, model::Accel::tcg);
  EXPECT_TRUE(out.quick);
  EXPECT_TRUE(out.debug);
  EXPECT_TRUE(out.same);
  EXPECT_THAT(option_words(out), ::testing::Contains("--expect"));
  EXPECT_EQ(out.purpose, "") << "the user's own now";
}

TEST_F(Record, AKernelWithTheCodeOfAnEarlierPointHasItsResults) {
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  ASSERT_TRUE(record_->kernel_built(plan_.kernels[1], artifact_, "base-x86_64").has_value());
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::ok);
  auto s = store();
  const auto g = s.guests(record_->id()).value().at(1);
  EXPECT_EQ(g.id, "tip-x86_64");
  EXPECT_EQ(g.release, "6.12.1");
  EXPECT_TRUE(g.dir.ends_with("guests/base-x86_64")) << "where the output is";
  EXPECT_EQ(g.wall_s, 0);
  EXPECT_THAT(s.attempts(record_->id(), "tip-x86_64").value(), SizeIs(0)) << "it was not booted";
  const auto rows = s.results(record_->id(), "tip-x86_64").value();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_TRUE(rows[0].assessment.has_value()) << "assessed as a row of the tip";
  EXPECT_EQ(s.kernels(record_->id()).value().at(1).inherits, "base-x86_64");
}

TEST_F(Record, AFileThatNoGuestRunsIsAWarningOfItsPoint) {
  artifact_.warnings = {"mm/gup.c:3:1: old"};
  artifact_.untested = {"arch/x86/boot/main.c: only bzImage contains it"};
  ASSERT_TRUE(record_->kernel_built(plan_.kernels[1], artifact_, "base-x86_64").has_value());
  const auto kernel = store().kernels(record_->id()).value().at(1);
  EXPECT_THAT(kernel.warnings,
              ElementsAre("mm/gup.c:3:1: old", "arch/x86/boot/main.c: only bzImage contains it"));
  EXPECT_THAT(kernel.notes, ElementsAre("compiler warning: mm/gup.c:3:1: old",
                                        "arch/x86/boot/main.c: only bzImage contains it"));
}

TEST_F(Record, TheSeriesIsFoundByItsPatches) {
  auto s = store();
  EXPECT_THAT(s.patches(record_->id()).value(), SizeIs(1));
  EXPECT_EQ(s.patches(record_->id()).value()[0].subject, "a patch");
  ASSERT_TRUE(s.series(record_->id()).value().has_value());
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

TEST_F(Record, GuestProgramsThatDoNotBuildAreNoFaultOfTheKernel) {
  const auto logs = TempDir::create(fs::temp_directory_path(), "record-logs-").value();
  auto error = make_error(ErrorKind::programs_failed, "the guest programs do not build: x.c:3: odd");
  error.build = BuildFailure{.log = logs.path() / "a.log", .file = "x.c", .line = 3, .message = "odd"};
  ASSERT_TRUE(write_file_atomic(error.build->log, "x.c:3: error: odd\n").has_value());
  for (const auto& k : plan_.kernels) ASSERT_TRUE(record_->platform_failed(k, error).has_value());
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::harness);
  for (const auto& k : store().kernels(record_->id()).value()) {
    EXPECT_EQ(k.state, store::KernelState::programs_failed);
    EXPECT_EQ(k.failure, "x.c:3: odd");
    EXPECT_TRUE(k.build_log.ends_with("/guest-programs/x86_64/build.log")) << k.build_log;
    EXPECT_EQ(read_file(k.build_log).value(), "x.c:3: error: odd\n");
  }
}

// A package list that names no package is bad input, and still no fault of the base.
TEST_F(Record, ASysrootThatCannotBeMadeIsNoFaultOfTheKernel) {
  const auto error = make_error(ErrorKind::bad_input, "making the x86_64 sysroot: no such package");
  for (const auto& k : plan_.kernels) ASSERT_TRUE(record_->platform_failed(k, error).has_value());
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::harness);
  EXPECT_EQ(store().kernels(record_->id()).value().at(0).state, store::KernelState::guest_failed);
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

TEST_F(Record, WhatAKilledRunMeasuredIsAssessed) {
  const std::string id = record_->id();
  add(0, {{"bio/a", Verdict::leak}, {"bio/b", Verdict::pass}});
  EXPECT_FALSE(store().results(id, "base-x86_64").value().at(0).assessment.has_value()) << "it goes on";
  record_.reset();
  const auto rows = store().results(id, "base-x86_64").value();
  ASSERT_TRUE(rows.at(0).assessment.has_value());
  EXPECT_EQ(rows.at(0).assessment->rule, model::Rule::failure);
  EXPECT_EQ(rows.at(1).assessment->rule, model::Rule::fine);
}

// The run file of this fixture is nowhere: what the run recorded is enough.
TEST_F(Record, ReassessingNeedsNoSeriesFile) {
  in_.spec.expect[0].tests = "bio/a";
  const std::string first = record_->id();
  auto record = RunRecord::begin(store(), options_, in_, sources_, plan_, place_.services);
  ASSERT_TRUE(record.has_value());
  record_.emplace(std::move(*record));
  ASSERT_NE(record_->id(), first);
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  add(1, {{"bio/a", Verdict::leak}, {"bio/b", Verdict::pass}});
  const auto again =
      reassess(store(), *store().find_run(record_->id()).value(), place_.services.paths.project);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->assessment.code, ExitCode::ok) << "the leak at the tip is what the run expected";
  EXPECT_THAT(again->note, HasSubstr("expectations are those of the run"));
}

/// As on a full disk: while it stands, no guest can be written.
class NoRoom {
 public:
  explicit NoRoom(const fs::path& state) : db_((state / "results.db").string(), SQLite::OPEN_READWRITE) {
    db_.exec("CREATE TRIGGER no_room BEFORE INSERT ON guests BEGIN SELECT RAISE(FAIL, 'disk is full'); END");
  }
  void ends() { db_.exec("DROP TRIGGER no_room"); }

 private:
  SQLite::Database db_;
};

TEST_F(Record, WhatFoundNoRoomIsWrittenAtTheEnd) {
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  NoRoom disk(place_.services.paths.state);
  const auto& tip = plan_.kernels[1];
  ASSERT_TRUE(record_->kernel_built(tip, artifact_).has_value());
  const auto lost = record_->guest_ended(tip, tip.guests[0], platform_,
                                         result({{"bio/a", Verdict::leak}, {"bio/b", Verdict::pass}}));
  ASSERT_TRUE(lost.has_error());
  EXPECT_THAT(lost.error().message, HasSubstr("disk is full"));
  disk.ends();
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::regressions);
  EXPECT_EQ(store().results(record_->id(), "tip-x86_64").value().at(0).verdict().verdict, Verdict::leak);
}

TEST_F(Record, WhatIsStillLostIsNoInterruption) {
  add(0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  const NoRoom disk(place_.services.paths.state);
  const auto& tip = plan_.kernels[1];
  ASSERT_TRUE(record_->kernel_built(tip, artifact_).has_value());
  ASSERT_TRUE(
      record_->guest_failed(tip, tip.guests[0], make_error(ErrorKind::infra, "no space for qemu.args"))
          .has_error());
  EXPECT_EQ(record_->finish(false, in_).value(), ExitCode::harness);
  EXPECT_EQ(store().find_run(record_->id()).value()->state, store::RunState::finished);
}

TEST_F(Record, AnInterruptionOutranksWhatTheRowsSay) {
  add(0, {{"bio/a", Verdict::leak}});
  EXPECT_EQ(record_->finish(true, in_).value(), ExitCode::interrupted);
  EXPECT_EQ(store().find_run(record_->id()).value()->state, store::RunState::interrupted);
}

}  // namespace
}  // namespace pinrig::run
