// SPDX-License-Identifier: GPL-2.0
#include "coverage/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::coverage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two patches of block/bio.c, one of a driver that is not built, and one of a comment.
RunCoverage example() {
  RunCoverage run{"debian-6.12", "tree", "demo", {}, {}, {}};
  run.kept = {{"block/bio.c", {{1, 1, 9}, {24, 20, 20}}}};
  run.patches = {{1, "one", "id1", {"block/bio.c"}, {{"block/bio.c", {10, 11, 12}}}},
                 {2, "two", "id2", {"block/bio.c"}, {{"block/bio.c", {20, 21, 22, 23}}}},
                 {3, "driver", "id3", {"drivers/x.c"}, {{"drivers/x.c", {1}}}},
                 {4, "comment", "id4", {"block/bio.c"}, {{"block/bio.c", {5}}}}};
  run.kernels = {{"tip-x86_64-coverage",
                  "x86_64",
                  {{"block/bio.c", {11, 12, 20, 21, 22, 30}}},
                  {"drivers/x.c"},
                  {},
                  {{"bio/dio_rw", {{"block/bio.c", {11, 12, 20, 30}}}},
                   {"bio/dio_fork", {{"block/bio.c", {20, 30}}}},
                   {"mm/cow", {{"block/bio.c", {30}}}}}}};
  return run;
}

std::vector<std::string> texts(const RunCoverage& run) {
  std::vector<std::string> out;
  for (const auto& p : patch_coverage(run, run.kernels.front())) out.push_back(to_text(p));
  return out;
}

TEST(PatchCoverage, what_ran_in_how_many_tests_and_what_never) {
  EXPECT_THAT(
      texts(example()),
      ElementsAre("patch 1: 2 of 2 changed lines ran in 1 test",
                  "patch 2: 1 of 3 changed lines ran in 2 tests; never: block/bio.c:21-22",
                  "patch 3: no changed line has code in the objects of this series; not built: drivers/x.c",
                  "patch 4: no changed line has code in the objects of this series"));
}

TEST(PatchCoverage, a_patch_that_no_test_ran) {
  auto run = example();
  run.kernels.front().tests.clear();
  EXPECT_EQ(texts(run).front(), "patch 1: none of 2 changed lines ran; never: block/bio.c:11-12");
}

TEST(PatchCoverage, of_the_whole_series) {
  const auto run = example();
  EXPECT_EQ(to_words(sum(patch_coverage(run, run.kernels.front()))),
            "3 of 5 changed lines ran in 2 tests; never: block/bio.c:21-22; not built: drivers/x.c");
}

TEST(PatchCoverage, lines_with_their_tests) {
  const auto run = example();
  const auto table = line_table(run, run.kernels.front(), 2);
  ASSERT_THAT(table, SizeIs(2));
  EXPECT_EQ(to_text(table[0]), "block/bio.c:20  bio/dio_rw bio/dio_fork");
  EXPECT_EQ(to_text(table[1]), "block/bio.c:21-22  never");
  EXPECT_THAT(line_table(run, run.kernels.front(), 9), IsEmpty());
}

TEST(TouchingTests, are_those_that_ran_a_changed_line) {
  EXPECT_THAT(touching_tests(example()), ElementsAre("bio/dio_fork", "bio/dio_rw"));
  EXPECT_THAT(measured_tests(example()), ElementsAre("bio/dio_fork", "bio/dio_rw", "mm/cow"));
}

TEST(TouchingTests, a_line_that_every_test_runs_chooses_none) {
  auto run = example();
  for (auto& t : run.kernels.front().tests) t.ran["block/bio.c"].insert(21);
  EXPECT_THAT(touching_tests(run), ElementsAre("bio/dio_fork", "bio/dio_rw"));
}

TEST(TouchingTests, unless_the_series_has_no_other) {
  auto run = example();
  for (auto& t : run.kernels.front().tests) t.ran = {{"block/bio.c", {21}}};
  EXPECT_THAT(touching_tests(run), ElementsAre("bio/dio_fork", "bio/dio_rw", "mm/cow"));
}

TEST(TouchingTests, include_those_whose_counters_did_not_come) {
  auto run = example();
  run.kernels.front().not_counted = {{"mm/crash", "its guest sent no counters"}};
  EXPECT_THAT(touching_tests(run), ElementsAre("bio/dio_fork", "bio/dio_rw", "mm/crash"));
  EXPECT_THAT(tests_at(run, {{"block/bio.c", {90}}}), ElementsAre("mm/crash"));
  EXPECT_THAT(measured_tests(run), ElementsAre("bio/dio_fork", "bio/dio_rw", "mm/cow", "mm/crash"));
  run.kernels.front().tests.clear();
  EXPECT_THAT(touching_tests(run), ElementsAre("mm/crash"));
}

TEST(TestsAt, are_those_that_ran_the_base_around_the_changes_of_another_series) {
  auto run = example();
  // Line 30 of the tip is 26 of the base. Without a test that did not run it, all are chosen.
  EXPECT_THAT(tests_at(run, {{"block/bio.c", {26}}}), ElementsAre("bio/dio_fork", "bio/dio_rw", "mm/cow"));
  run.kernels.front().tests.pop_back();
  run.kernels.front().tests.push_back({"mm/cow", {}});
  EXPECT_THAT(tests_at(run, {{"block/bio.c", {26}}}), ElementsAre("bio/dio_fork", "bio/dio_rw"));
  EXPECT_THAT(tests_at(run, {{"block/bio.c", {30}}}),
              ElementsAre("bio/dio_fork", "bio/dio_rw"));  // the nearest
  EXPECT_THAT(tests_at(run, {{"block/bio.c", {90}}}), IsEmpty());
  EXPECT_THAT(tests_at(run, {{"mm/gup.c", {26}}}), IsEmpty());
}

TEST(SameSeries, goes_by_patch_ids_in_their_order) {
  EXPECT_TRUE(same_series(example(), {"id1", "id2", "id3", "id4"}));
  EXPECT_FALSE(same_series(example(), {"id2", "id1", "id3", "id4"}));
  EXPECT_FALSE(same_series(example(), {"id1", "id2", "id3"}));
  EXPECT_FALSE(same_series(example(), {"id1", "id2", "id3", "id4", "id5"}));
}

TEST(CoverageJson, both_ways) {
  auto run = example();
  run.kernels.front().not_counted = {{"mm/cow", "no counters"}};
  const std::string text = to_json(run);
  const auto again = from_json(text);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(to_json(*again), text);
  EXPECT_EQ(texts(*again), texts(run));
  EXPECT_TRUE(same_series(*again, {"id1", "id2", "id3", "id4"}));
}

TEST(CoverageJson, other_text_is_bad_input) {
  EXPECT_TRUE(from_json("").has_error());
  EXPECT_TRUE(from_json("{}").has_error());
  const auto newer = from_json(R"({"version": 99})");
  ASSERT_TRUE(newer.has_error());
  EXPECT_THAT(newer.error().message, HasSubstr("99"));
}

TEST(Lines, ranges_both_ways) {
  EXPECT_EQ(to_ranges({1, 2, 3, 7, 9, 10}), "1-3,7,9-10");
  EXPECT_EQ(to_ranges({}), "");
  EXPECT_THAT(from_ranges("1-3,7,x,5-2,0,8-,1-99999999"), ElementsAre(1, 2, 3, 7));
}

TEST(Lines, sets_of_several_files) {
  const FileLines a{{"a.c", {1, 2}}, {"b.c", {3}}};
  const FileLines b{{"a.c", {2}}, {"b.c", {4}}};
  EXPECT_EQ(to_text(common(a, b)), "a.c:2");
  EXPECT_EQ(to_text(without(a, b)), "a.c:1 b.c:3");
  EXPECT_EQ(count(a), 3U);
}

}  // namespace
}  // namespace pinrig::coverage
