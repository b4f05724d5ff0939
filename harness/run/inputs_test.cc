// SPDX-License-Identifier: GPL-2.0
#include "run/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pinrig::run {
namespace {

using ::testing::HasSubstr;

/// A series of two patches, the second of which does not apply.
struct Case {
  Case() {
    model::TestSpec test;
    test.name = test.program = "bio/dio_rw";
    test.limit_s = 10;
    in.suites = {{"bio", "", {test}}};
    in.spec.series = "v3.mbox";
    in.spec.suites = {"*"};
    in.spec.archs = {model::Arch::x86_64};
    in.spec.configs = {{"", {"base"}}};
    sources.series.subjects = {"fits", "does not"};
    sources.series.patches.resize(1);
    sources.series.patches[0].number = 1;
    sources.series.failure =
        git::ApplyFailure{.number = 2, .subject = "does not", .file = "mm/gup.c", .hunk = "hunk 1 at line 3"};
  }
  Inputs in;
  Sources sources;
};

TEST(LoadInputs, ExpectSameReplacesWhatTheFilesExpect) {
  RunOptions o;
  o.series = "demo-leak";
  o.same = true;
  const auto in = load_inputs(PINRIG_SOURCE_DIR, o);
  ASSERT_FALSE(in.has_error()) << in.error().message;
  EXPECT_TRUE(in->spec.same);
  EXPECT_TRUE(in->series->expect.empty());
  o.same = false;
  EXPECT_FALSE(load_inputs(PINRIG_SOURCE_DIR, o)->series->expect.empty());
}

TEST(LoadInputs, ExpectSameNeedsASeriesAndTheBaseAmongThePoints) {
  RunOptions o;
  o.base = "debian-6.12";
  o.same = true;
  const auto alone = load_inputs(PINRIG_SOURCE_DIR, o);
  ASSERT_TRUE(alone.has_error());
  EXPECT_EQ(alone.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(alone.error().message, HasSubstr("--expect same: this run has no series"));
  o.base.clear();
  o.series = "demo-leak";
  o.points = {"1", "tip"};
  const auto tip = load_inputs(PINRIG_SOURCE_DIR, o);
  ASSERT_TRUE(tip.has_error());
  EXPECT_THAT(tip.error().message, HasSubstr("the points of this run (1, tip) are without the base"));
  o.points = {"each"};
  EXPECT_TRUE(load_inputs(PINRIG_SOURCE_DIR, o).has_value());
}

TEST(PlanRun, OnlyPointsThatCannotBeBuiltAreAnErrorBeforeAnythingStarts) {
  Case c;
  c.in.spec.points = {"tip"};
  const auto r = plan_run(c.in, c.sources);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::apply_failed);
  EXPECT_THAT(r.error().message,
              HasSubstr("patch 2 \"does not\" does not apply: mm/gup.c: hunk 1 at line 3"));
}

TEST(LoadInputs, DebugIsEveryConfigurationWithItsFragment) {
  RunOptions o;
  o.debug = true;
  const auto in = load_inputs(PINRIG_SOURCE_DIR, o);
  ASSERT_TRUE(in.has_value()) << in.error().message;
  ASSERT_EQ(in->spec.configs.size(), 1u);
  EXPECT_EQ(in->spec.configs[0].name, "debug");
  const auto& fragments = in->spec.configs[0].fragments;
  EXPECT_NE(std::find(fragments.begin(), fragments.end(), "debug"), fragments.end());
  EXPECT_THAT(option_words(o), ::testing::Contains("--debug"));
}

TEST(PlanRun, CoverageNeedsACFile) {
  Case c;
  c.in.spec.points = {"base", "1"};
  c.in.coverage = true;
  c.sources.series.patches[0].files = {"include/linux/mm.h", "tools/testing/selftests/mm/cow.c"};
  const auto r = plan_run(c.in, c.sources);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(r.error().message, HasSubstr("--coverage: the series changes no C file of the kernel"));
  c.sources.series.patches[0].files.emplace_back("mm/gup.c");
  EXPECT_TRUE(plan_run(c.in, c.sources).has_value());
}

TEST(PlanRun, PointsBeforeTheFailureRun) {
  Case c;
  c.in.spec.points = {"base", "tip"};
  EXPECT_TRUE(plan_run(c.in, c.sources).has_value());
  c.in.spec.points = {"1"};
  EXPECT_TRUE(plan_run(c.in, c.sources).has_value());
}

}  // namespace
}  // namespace pinrig::run
