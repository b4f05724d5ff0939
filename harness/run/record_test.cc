// SPDX-License-Identifier: GPL-2.0
#include "run/record.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/pipeline.h"
#include "run/testing.h"

namespace pinrig::run {
namespace {

using model::JobOutcome;
using model::Verdict;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Record : public testing::Test {
 protected:
  void SetUp() override {
    in_.spec.name = "default";
    in_.base.name = "debian-6.12";
    auto store = open_store(place_.services.paths);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    auto record = RunRecord::begin(std::move(*store), in_, place_.services);
    ASSERT_TRUE(record.has_value()) << record.error().message;
    record_.emplace(std::move(*record));
    kernel_.config = place_.services.paths.state / "config";
    ASSERT_FALSE(write_file_atomic(kernel_.config, "CONFIG_BLOCK=y\n").has_error());
    platform_.accel = model::Accel::tcg;
    platform_.probe.kvm_detail = "no /dev/kvm";
  }

  static model::Cell cell(int point, model::Arch arch = model::Arch::x86_64) {
    model::Cell c;
    c.point.number = point;
    c.point.label = point == 0 ? "base" : "tip";
    c.arch = arch;
    c.id = fmt::format("{}-{}", c.point.label, to_string(arch));
    c.kernel = c.id;
    c.tests = {test_spec("bio/a"), test_spec("bio/b")};
    return c;
  }
  static Judged judged(std::vector<std::pair<std::string, Verdict>> verdicts) {
    Judged j;
    j.guest.hello.release = "6.12.1";
    j.guest.hello.counters = true;
    j.judgement.outcome.kind = JobOutcome::Kind::completed;
    for (const auto& [name, v] : verdicts) {
      model::TestVerdict row;
      row.test = name;
      row.verdict = v;
      j.judgement.verdicts.push_back(row);
    }
    return j;
  }
  static RecordedCell recorded(const model::Cell& c) {
    return {c, c.point.number > 0, "6.12.1", {"bio/a", "bio/b"}};
  }
  ExitCode add(const model::Cell& c, const Judged& j) {
    const auto code = record_->add(recorded(c), in_, kernel_, platform_, j);
    EXPECT_TRUE(code.has_value()) << code.error().message;
    return code.has_value() ? *code : ExitCode::harness;
  }
  store::JobRow row(const std::string& id) {
    for (const auto& j : open_store(place_.services.paths)->jobs(record_->id()).value()) {
      if (j.cell_id == id) return j;
    }
    ADD_FAILURE() << "no row for " << id;
    return {};
  }

  Place place_;
  Inputs in_;
  kbuild::Artifact kernel_;
  Platform platform_;
  std::optional<RunRecord> record_;
};

TEST_F(Record, WhatPassesIsExpectedAndStored) {
  EXPECT_EQ(add(cell(0, model::Arch::aarch64), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}})),
            ExitCode::ok);
  const auto job = row("base-aarch64");
  EXPECT_EQ(job.cpu_model, "max,pauth-impdef=on") << "what QEMU really got";
  EXPECT_EQ(job.accel_reason, "KVM does not work here: no /dev/kvm");
  EXPECT_EQ(job.kernel_release, "6.12.1");
  EXPECT_THAT(job.notes, IsEmpty());
  EXPECT_TRUE(job.dir.ends_with("cells/base-aarch64"));
}

TEST_F(Record, WhatNobodyExpectedIsARegression) {
  EXPECT_EQ(add(cell(0), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::leak}})),
            ExitCode::regressions);
  EXPECT_EQ(add(cell(0), judged({})), ExitCode::regressions) << "no verdict at all is none";
}

TEST_F(Record, AGuestThatIsNotTheMachineThatWasAskedFor) {
  auto j = judged({{"bio/a", Verdict::skip}});
  j.guest.setup_problems = {"no NVMe namespace pin-raw:1"};
  EXPECT_EQ(add(cell(0), j), ExitCode::regressions);
  EXPECT_THAT(row("base-x86_64").unmet, ElementsAre(HasSubstr("no NVMe namespace pin-raw:1")));
}

TEST_F(Record, ASkipNeedsLeaveWhereAFileListsThem) {
  in_.requirements = {
      {.name = "new", .range = {.bases = {"debian-6.12"}}, .skips = {{"bio/b", {}, {}, "no drive"}}}};
  EXPECT_EQ(add(cell(0), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}})), ExitCode::ok);
  EXPECT_EQ(add(cell(0), judged({{"bio/a", Verdict::skip}, {"bio/b", Verdict::skip}})),
            ExitCode::regressions);
}

TEST_F(Record, CapabilitiesOfTheKernelAreRequiredUnlessASeriesSaysOtherwise) {
  in_.requirements = {{.name = "new", .capabilities = {{"dio.bdev", "pin"}}}};
  auto j = judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}});
  j.judgement.capabilities = {{"dio.bdev", "get"}};
  EXPECT_EQ(add(cell(0), j), ExitCode::regressions);
  EXPECT_THAT(row("base-x86_64").unmet, ElementsAre("capability dio.bdev: pin is required, get was found"));
  in_.series = model::Series{.capabilities = {{"dio.bdev", "get"}}};
  EXPECT_EQ(add(cell(1), j), ExitCode::ok);
  j.judgement.capabilities = {{"dio.bdev", "unknown"}};
  EXPECT_EQ(add(cell(0), j), ExitCode::ok) << "what could not be probed is a skip of its own";
}

TEST_F(Record, AKnownIssueIsNoRegressionAndIsNoted) {
  in_.known_issues = {{.name = "leaky",
                       .tests = {"bio/b"},
                       .seen = {Verdict::leak},
                       .reason = "a page leaks",
                       .reference = "here"}};
  EXPECT_EQ(add(cell(0), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::leak}})), ExitCode::ok);
  EXPECT_THAT(row("base-x86_64").notes, ElementsAre("known issue leaky (a page leaks) in bio/b"));
  EXPECT_EQ(add(cell(0), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}})), ExitCode::regressions)
      << "no longer seen";
  EXPECT_EQ(add(cell(1), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::pass}})), ExitCode::ok)
      << "mended by the series";
}

TEST_F(Record, ErrorsOfOursAreNoRegressions) {
  auto j = judged({{"bio/a", Verdict::error}});
  j.judgement.outcome = {JobOutcome::Kind::infra_error, "test", "the disk is full"};
  EXPECT_EQ(add(cell(0), j), ExitCode::harness);
}

TEST_F(Record, AKernelWithoutCountersIsNoted) {
  auto j = judged({{"bio/a", Verdict::skip}});
  j.guest.hello.counters = false;
  EXPECT_EQ(add(cell(0), j), ExitCode::ok);
  EXPECT_THAT(row("base-x86_64").notes, Contains(HasSubstr("pin counters not available")));
}

TEST_F(Record, ACellThatFailedKeepsItsTestsMissing) {
  const auto build = make_error(ErrorKind::build_failed, "mm/gup.c:3: error", "the log");
  const auto tip = cell(1);
  const auto base = cell(0);
  EXPECT_EQ(*record_->add_failed(recorded(tip), build), ExitCode::build);
  EXPECT_EQ(*record_->add_failed(recorded(base), make_error(ErrorKind::disk_full, "full")),
            ExitCode::harness);
  const auto job = row("tip-x86_64");
  EXPECT_EQ(job.outcome.kind, JobOutcome::Kind::build_failed);
  EXPECT_THAT(job.notes, ElementsAre("the log"));
  const auto rows = open_store(place_.services.paths)->verdicts(record_->id(), "tip-x86_64").value();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[1].verdict.verdict, Verdict::missing);
}

TEST_F(Record, WhatOnlyTheBaseStillTestsIsLost) {
  add(cell(0), judged({{"bio/a", Verdict::pass}, {"bio/b", Verdict::skip}}));
  add(cell(0, model::Arch::aarch64), judged({{"bio/a", Verdict::skip}}));
  add(cell(1, model::Arch::aarch64), judged({{"bio/a", Verdict::skip}}));
  EXPECT_EQ(*record_->weigh_against_base(), ExitCode::ok);
  EXPECT_EQ(add(cell(1), judged({{"bio/a", Verdict::skip}, {"bio/b", Verdict::skip}})), ExitCode::ok);
  EXPECT_EQ(*record_->weigh_against_base(), ExitCode::regressions);
}

TEST_F(Record, ARunIsAliveUntilItIsFinished) {
  EXPECT_EQ(open_store(place_.services.paths)->find_run("last").value()->state, "running")
      << "its lock is held";
  ASSERT_TRUE(record_->finish("finished", ExitCode::regressions).has_value());
  const auto run = open_store(place_.services.paths)->find_run("last").value();
  EXPECT_EQ(run->state, "finished");
  EXPECT_EQ(run->exit_code, 1);
}

TEST_F(Record, ARunWhoseProcessIsGoneWasInterrupted) {
  record_.reset();
  EXPECT_EQ(open_store(place_.services.paths)->find_run("last").value()->state, "interrupted");
}

TEST(Fold, TheWorstExitCodeWins) {
  EXPECT_EQ(fold(ExitCode::ok, ExitCode::harness), ExitCode::harness);
  EXPECT_EQ(fold(ExitCode::build, ExitCode::harness), ExitCode::build);
  EXPECT_EQ(fold(ExitCode::build, ExitCode::regressions), ExitCode::regressions);
  EXPECT_EQ(fold(ExitCode::interrupted, ExitCode::regressions), ExitCode::interrupted);
}

}  // namespace
}  // namespace pinrig::run
