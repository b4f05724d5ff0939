// SPDX-License-Identifier: GPL-2.0
#include "report/patch_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "report/report.h"
#include "report/testing.h"

namespace pinrig::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A run of which one kernel counted, and a line of patch 2 that no test ran.
void measure(Fixture& f, const std::string& kernel) {
  coverage::RunCoverage run{"debian-6.12", "tree", "demo-leak", {}, {}, {}};
  run.patches = {{1, "count", "id1", {"block/bio.c"}, {{"block/bio.c", {10, 11}}}},
                 {2, "release", "id2", {"block/bio.c"}, {{"block/bio.c", {20, 21}}}}};
  run.kernels = {{kernel,
                  "x86_64",
                  {{"block/bio.c", {10, 11, 20, 21}}},
                  {},
                  {{"mm/cow", "its guest sent no counters"}},
                  {{"bio/dio_rw", {{"block/bio.c", {10, 11, 20}}}}}}};
  f.run.dir = f.dir.path();
  ASSERT_TRUE(write_file_atomic(f.dir.path() / "coverage.json", coverage::to_json(run)).has_value());
}

constexpr const char* second = "patch 2: 1 of 2 changed lines ran in 1 test; never: block/bio.c:21";

TEST(PatchLines, AreInEveryReport) {
  Fixture f;
  f.caught();
  measure(f, "tip-x86_64");
  const auto text = terminal(f.store, f.run, {.unicode = false});
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("changed lines that ran, x86_64 tip\n"));
  EXPECT_THAT(*text, HasSubstr(second));
  EXPECT_THAT(*text, HasSubstr("not counted: mm/cow: its guest sent no counters"));
  EXPECT_THAT(*text, Not(HasSubstr("2: block/bio.c:20  bio/dio_rw")));
  EXPECT_THAT(*terminal(f.store, f.run, {.unicode = false, .verbose = true}),
              HasSubstr("2: block/bio.c:20  bio/dio_rw"));
  EXPECT_THAT(*junit(f.store, f.run), HasSubstr(second));
  EXPECT_THAT(*ktap(f.store, f.run), HasSubstr(std::string("# ") + second));
  EXPECT_THAT(*json(f.store, f.run), HasSubstr(R"("never": {)"));
}

TEST(PatchLines, OfARunWithoutCoverageAreNotMentioned) {
  Fixture f;
  f.caught();
  EXPECT_THAT(*terminal(f.store, f.run, {}), Not(HasSubstr("changed lines")));
  EXPECT_THAT(*json(f.store, f.run), Not(HasSubstr("\"patches\"")));
}

TEST(PatchLines, AFileThatCannotBeReadIsAnErrorThatNamesIt) {
  Fixture f;
  f.caught();
  f.run.dir = f.dir.path();
  ASSERT_TRUE(write_file_atomic(f.dir.path() / "coverage.json", "{").has_value());
  const auto text = terminal(f.store, f.run, {});
  ASSERT_TRUE(text.has_error());
  EXPECT_THAT(text.error().message, HasSubstr("coverage.json"));
}

}  // namespace
}  // namespace pinrig::report
