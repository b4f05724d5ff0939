// SPDX-License-Identifier: GPL-2.0
#include "run/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(PlanRun, OnlyPointsThatCannotBeBuiltAreAnErrorBeforeAnythingStarts) {
  Case c;
  c.in.spec.points = {"tip"};
  const auto r = plan_run(c.in, c.sources);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::apply_failed);
  EXPECT_THAT(r.error().message,
              HasSubstr("patch 2 \"does not\" does not apply: mm/gup.c: hunk 1 at line 3"));
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
