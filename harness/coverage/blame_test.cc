// SPDX-License-Identifier: GPL-2.0
#include "coverage/blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::coverage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::string base(40, '0');
const std::string first(40, 'a');
const std::string second(40, 'b');

TEST(Blame, each_line_belongs_to_the_patch_that_touched_it_last) {
  // Line 4 was line 3 when patch 1 added it: it is still of patch 1.
  const std::string text = base + " 1 1 1\nauthor x\nboundary\nfilename f.c\n\tint a;\n" + second +
                           " 2 2 2\nauthor y\nfilename f.c\n\tint b;\n" + second + " 3 3\n\tint c;\n" +
                           first + " 3 4 1\nauthor z\nfilename f.c\n\tint d;\n";
  EXPECT_THAT(owned_lines(text, {{first, 1}, {second, 2}}),
              ElementsAre(Pair(1, ElementsAre(4)), Pair(2, ElementsAre(2, 3))));
}

TEST(Blame, text_of_the_file_that_looks_like_a_header_is_none) {
  const std::string text = base + " 1 1 1\n\t" + first + " 7 7 1\n";
  EXPECT_THAT(owned_lines(text, {{first, 1}}), IsEmpty());
}

TEST(Blame, what_is_no_blame_owns_nothing) {
  EXPECT_THAT(owned_lines("", {{first, 1}}), IsEmpty());
  EXPECT_THAT(owned_lines(first + "\n" + first + " x\n" + first + " 1\n", {{first, 1}}), IsEmpty());
}

std::vector<std::vector<int>> as_lists(const std::vector<Kept>& kept) {
  std::vector<std::vector<int>> out;
  for (const auto& k : kept) out.push_back({k.tip, k.base, k.count});
  return out;
}

// The base has five lines: a patch replaces 2 and 3 by one, another adds a line behind 4.
const std::string changed = base + " 1 1 1\n\ta\n" + first + " 2 2 1\n\tx\n" + base + " 4 3 1\n\td\n" +
                            second + " 4 4 1\n\ty\n" + base + " 5 5 1\n\te\n";

TEST(KeptLines, are_spans_that_both_have) {
  EXPECT_THAT(as_lists(kept_lines(changed, {{first, 1}, {second, 2}})),
              ElementsAre(ElementsAre(1, 1, 1), ElementsAre(3, 4, 1), ElementsAre(5, 5, 1)));
  EXPECT_THAT(as_lists(kept_lines(base + " 1 1 2\n\ta\n" + base + " 2 2\n\tb\n", {})),
              ElementsAre(ElementsAre(1, 1, 2)));
}

TEST(KeptLines, places_of_the_base_that_a_series_changes) {
  EXPECT_THAT(changed_places({{1, 1, 10}, {12, 11, 10}}, {11}), ElementsAre(10, 11));        // a line more
  EXPECT_THAT(changed_places({{1, 1, 10}, {11, 13, 10}}, {}), ElementsAre(10, 11, 12, 13));  // two less
  EXPECT_THAT(changed_places({{3, 1, 10}}, {1, 2}), ElementsAre(1));                         // at the begin
  EXPECT_THAT(changed_places({{1, 1, 10}}, {11}), ElementsAre(10));                          // at the end
  EXPECT_THAT(changed_places({}, {1}), IsEmpty());
}

TEST(KeptLines, lines_of_the_tip_in_the_base) {
  EXPECT_THAT(to_base({1, 10, 11, 12, 99}, {{1, 1, 10}, {12, 11, 10}}), ElementsAre(1, 10, 11));
}

}  // namespace
}  // namespace pinrig::coverage
