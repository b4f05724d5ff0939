// SPDX-License-Identifier: GPL-2.0
#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;

class IdentifyTest : public SourceTest {
 protected:
  IdentifyTest() : source_(small()) {}

  static std::string mail(const std::string& subject, const std::string& diff) {
    return "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A. Developer <dev@example.org>\nSubject: " +
           subject + "\n\nWhy.\n---\n\n" + diff + "\n";
  }
  AppliedSeries apply(const std::string& text) {
    write(path("in.mbox"), text);
    model::Series s;
    s.name = "tested";
    s.patches = model::Series::Mbox{path("in.mbox").string()};
    auto r = apply_series(source_, s, ctx_);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : AppliedSeries{};
  }

  Source source_;
};

constexpr const char* kSwap =
    "diff --git a/mm/swap.c b/mm/swap.c\n--- a/mm/swap.c\n+++ b/mm/swap.c\n"
    "@@ -9,3 +9,3 @@\n line 9\n-line 10\n+line ten\n line 11\n";
constexpr const char* kVersion =
    "diff --git a/Makefile b/Makefile\n--- a/Makefile\n+++ b/Makefile\n"
    "@@ -2,3 +2,3 @@\n VERSION = 6\n-PATCHLEVEL = 12\n+PATCHLEVEL = 13\n SUBLEVEL = 117\n";

TEST_F(IdentifyTest, EachPatchHasItsKernelsOwnVersion) {
  const auto s = apply(mail("[PATCH 1/3] before", kSwap) + mail("[PATCH 2/3] raise", kVersion) +
                       mail("[PATCH 3/3] after",
                            "diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n"
                            "+++ b/new\n@@ -0,0 +1 @@\n+x\n"));
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[0].version, "6.12.117");
  EXPECT_EQ(s.patches[1].version, "6.13.117");
  EXPECT_EQ(s.patches[2].version, "6.13.117");
}

TEST_F(IdentifyTest, PatchIdsAreThoseOfGitAndDoNotDependOnTheSubject) {
  const auto first = apply(mail("[PATCH] a subject", kSwap));
  const auto second = apply(mail("[PATCH 1/2] raise", kVersion) + mail("[PATCH 2/2] another subject", kSwap));
  ASSERT_EQ(first.patches.size(), 1U);
  ASSERT_EQ(second.patches.size(), 2U);
  EXPECT_EQ(first.patches[0].patch_id.size(), 40U);
  EXPECT_EQ(first.patches[0].patch_id, second.patches[1].patch_id);
  EXPECT_NE(first.patches[0].patch_id, second.patches[0].patch_id);
  EXPECT_NE(first.patches[0].tree, second.patches[1].tree);
}

TEST_F(IdentifyTest, ASecondCallKnowsThemToo) {
  const std::string text = mail("[PATCH] raise", kVersion);
  const auto first = apply(text);
  const auto again = apply(text);
  ASSERT_EQ(again.patches.size(), 1U);
  EXPECT_EQ(again.patches[0].patch_id, first.patches.at(0).patch_id);
  EXPECT_EQ(again.patches[0].version, "6.13.117");
}

}  // namespace
}  // namespace pinrig::git
