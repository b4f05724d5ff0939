// SPDX-License-Identifier: GPL-2.0
#include "model/patch_fit.h"

#include <gtest/gtest.h>

namespace pinrig::model {
namespace {

TEST(PatchFit, IsSaidWithItsWorstHunk) {
  EXPECT_EQ(to_string(PatchFit{}), "");
  EXPECT_EQ(to_string(PatchFit{true, {}}), "merged by --3way");
  EXPECT_EQ(to_string(PatchFit{false, {{"mm/gup.c", 1204, 3, 0}}}),
            "applies with offset 3 lines at mm/gup.c:1204");
  EXPECT_EQ(
      to_string(PatchFit{false, {{"mm/gup.c", 7, 1, 0}, {"mm/gup.c", 90, -12, 0}, {"mm/swap.c", 3, 12, 0}}}),
      "applies with offset -12 lines at mm/gup.c:90 and 2 more hunks");
  EXPECT_EQ(to_string(PatchFit{false, {{"mm/a.c", 7, 90, 0}, {"mm/gup.c", 1204, 0, 2}}}),
            "applies with fuzz 2 at mm/gup.c:1204 and 1 more hunk");
  EXPECT_EQ(to_string(PatchFit{true, {{"mm/gup.c", 1204, 1, 2}}}),
            "merged by --3way, fuzz 2 at mm/gup.c:1204 (offset 1 line)");
}

TEST(PatchFit, AnOffsetAloneIsNothingToLookAt) {
  EXPECT_TRUE(PatchFit{}.exact());
  EXPECT_FALSE((PatchFit{false, {{"mm/gup.c", 7, 1, 0}}}.exact()));
  EXPECT_FALSE((PatchFit{false, {{"mm/gup.c", 7, 1, 0}}}.inexact()));
  EXPECT_TRUE((PatchFit{false, {{"mm/gup.c", 7, 1, 0}, {"mm/gup.c", 9, 0, 1}}}.inexact()));
  EXPECT_TRUE((PatchFit{true, {}}.inexact()));
}

TEST(PatchFit, SurvivesItsJson) {
  const PatchFit fit{true, {{"odd \"name\"\xff.c", 1204, -3, 2}}};
  const auto back = fit_from_json(fit_to_json(fit));
  EXPECT_TRUE(back.merged);
  EXPECT_EQ(back.hunks.at(0).file, "odd \"name\"\xef\xbf\xbd.c") << "a byte that is not UTF-8 is replaced";
  EXPECT_EQ(back.hunks.at(0).offset, -3);
  EXPECT_EQ(fit_to_json(PatchFit{}), "");
  EXPECT_EQ(fit_from_json(""), PatchFit{});
}

}  // namespace
}  // namespace pinrig::model
