// SPDX-License-Identifier: GPL-2.0
#include "report/matrix.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Arch;
using model::Verdict;
using store::KernelState;
using store::RunState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string label_at(int point, int last) {
  return point == 0 ? "base" : point == last ? "tip" : std::to_string(point);
}

/// A test that leaks from patch 3 on, cases that fail alike there, one that is skipped from patch 1 on, and
/// tests that are the same everywhere.
std::vector<Row> rows_at(int point) {
  const bool leaks = point >= 3;
  std::vector<Row> rows{test_row("pins/selfcheck", Verdict::pass, 16), test_row("mm/cow", Verdict::skip)};
  rows.push_back(leaks
                     ? surprising(test_row("bio/dio_rw", Verdict::leak, 64, point == 3 ? 36 : 64), "it leaks")
                     : test_row("bio/dio_rw", Verdict::pass, 64));
  for (const char* name : {"read_1_page", "read_2_pages", "write_1_page"})
    rows.push_back(leaks ? surprising(case_row("bio/dio_rw", name, Verdict::fail), "one page pinned")
                         : case_row("bio/dio_rw", name, Verdict::pass));
  rows.push_back(case_row("bio/dio_rw", "read_thp", point >= 1 ? Verdict::skip : Verdict::pass));
  return rows;
}

std::vector<KernelSetup> points(int last) {
  std::vector<KernelSetup> out;
  for (int point = 0; point <= last; ++point)
    out.push_back(kernel(Arch::x86_64, point, label_at(point, last), rows_at(point)));
  return out;
}

RunData data_of(Fixture& f, std::vector<KernelSetup> kernels) {
  f.write(std::move(kernels));
  f.finish(RunState::finished, 1);
  return load(f.store, f.run).value();
}

std::string text_of(const RunData& data, int width) {
  return matrix_text(data, Painter({.color = false, .unicode = true, .width = width}));
}

TEST(Matrix, HasOnlyWhatDiffersAndMarksWhereItBegan) {
  Fixture f;
  const auto data = data_of(f, points(4));
  const auto all = matrices(data);
  ASSERT_THAT(all, SizeIs(1));
  const Matrix& m = all[0];
  ASSERT_THAT(m.rows, SizeIs(3));
  EXPECT_EQ(m.rows[0].name, "bio/dio_rw");
  EXPECT_EQ(m.rows[0].first_red, 3U);
  EXPECT_EQ(m.rows[0].marks[3].pages, 36);
  EXPECT_EQ(m.rows[1].name, "bio/dio_rw:read_1_page");
  EXPECT_EQ(m.rows[1].more, 2U) << "three cases that failed alike";
  EXPECT_EQ(m.rows[2].name, "bio/dio_rw:read_thp");
  EXPECT_FALSE(m.rows[2].first_red.has_value()) << "a skip is not red";
  EXPECT_EQ(m.same, 2U);
  EXPECT_THAT(m.red_at(3), ElementsAre("bio/dio_rw"));
  EXPECT_THAT(m.red_at(4), IsEmpty());
  expect_golden("matrix-100.txt", text_of(data, 100));
}

TEST(Matrix, IsNotForTwoPoints) {
  Fixture f;
  EXPECT_THAT(matrices(data_of(f, points(1))), IsEmpty());
}

TEST(Matrix, ARedFromTheBaseOnBeganNowhere) {
  Fixture f;
  auto all = points(2);
  for (auto& k : all) k.main().rows[0] = surprising(test_row("pins/selfcheck", Verdict::fail), "always");
  const auto m = matrices(data_of(f, all)).at(0);
  EXPECT_THAT(m.red_at(0), IsEmpty());
  EXPECT_THAT(m.red_at(1), IsEmpty());
}

TEST(Matrix, ShowsPointsWithoutCodeChangeWarningsAndWhatWasNotBuilt) {
  Fixture f;
  auto all = points(5);
  all[1].row.inherits = "base-x86_64";
  all[2].row.warnings = {"block/bio.c:10:7: warning: unused variable 'n'", "mm/gup.c:3:1: warning: old",
                         "block/bio.c:30: sparse: context imbalance in 'f'"};
  all[3].row.warnings = {"block/bio.c:12:7: warning: unused variable 'n'", "mm/gup.c:3:1: warning: old"};
  all[4] = not_built(all[4], KernelState::build_failed, "mm/gup.c:7:1: error: expected ';'");
  const auto data = data_of(f, all);
  const auto m = matrices(data).at(0);
  EXPECT_THAT(m.new_warnings[2], SizeIs(3));
  EXPECT_THAT(m.new_warnings[3], IsEmpty()) << "the same, two lines below";
  EXPECT_EQ(m.rows[0].name, "build/kernel");
  EXPECT_EQ(m.rows[0].first_red, 4U);
  EXPECT_EQ(m.rows[1].name, "build/warnings");
  EXPECT_THAT(m.red_at(3), ElementsAre("bio/dio_rw"));
  expect_golden("matrix-build-100.txt", text_of(data, 100));
}

TEST(Matrix, AFileThatNoGuestRunsIsAWarningOfItsPatchAlone) {
  Fixture f;
  auto all = points(4);
  const std::string outside = "arch/x86/boot/main.c: only bzImage contains it";
  all[1].row.inherits = "base-x86_64";
  for (std::size_t i = 1; i < all.size(); ++i) all[i].row.warnings = {outside};
  const auto m = matrices(data_of(f, all)).at(0);
  EXPECT_THAT(m.new_warnings[1], ElementsAre(outside));
  EXPECT_THAT(m.new_warnings[2], IsEmpty());
}

TEST(Matrix, OfFiftyPatchesIsBlocksOfTens) {
  Fixture f;
  const auto data = data_of(f, points(50));
  expect_golden("matrix-50-80.txt", text_of(data, 80));
  expect_golden("matrix-50-240.txt", text_of(data, 240));
  for (const int width : {40, 60, 80, 100, 240}) {
    const std::string text = text_of(data, width);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      EXPECT_LE(width_of(text.substr(at, end - at)), static_cast<std::size_t>(width))
          << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Matrix, InPlainAsciiHasNoOtherSigns) {
  Fixture f;
  const auto text =
      matrix_text(data_of(f, points(4)), Painter({.color = false, .unicode = false, .width = 80}));
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) < 0x80);
}

}  // namespace
}  // namespace pinrig::report
