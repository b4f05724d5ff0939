// SPDX-License-Identifier: GPL-2.0
// Where hunks are, from the files alone, and what a series says of patches that did not apply as they are.
#include "git/fit.h"

#include "base/text.h"
#include "git/testing.h"

namespace pinrig::git {
namespace {

using model::MovedHunk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The hunk that makes line `at` of numbered_lines() say `to`, for a file in which it is line `at` + `moved`.
std::string hunk(int at, const std::string& to, int moved = 0) {
  std::string out =
      "@@ -" + std::to_string(at - 3 + moved) + ",7 +" + std::to_string(at - 3 + moved) + ",7 @@ f()\n";
  for (int i = at - 3; i <= at + 3; ++i) {
    const std::string old = "line " + std::to_string(i) + "\n";
    out += i == at ? "-" + old + "+" + to + "\n" : " " + old;
  }
  return out;
}

std::string diff_of(const std::string& hunks, const std::string& file = "mm/gup.c") {
  return "diff --git a/" + file + " b/" + file + "\n--- a/" + file + "\n+++ b/" + file + "\n" + hunks;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Fit, WhatIsInItsPlaceIsNotNamed) {
  const std::string before = numbered_lines(40);
  const std::string after = replaced(before, "line 20\n", "line XX\n");
  EXPECT_THAT(
      moved_hunks(diff_of(hunk(20, "line XX")), 1, {{"mm/gup.c", before}}, {{"mm/gup.c", after}}, false),
      IsEmpty());
  EXPECT_THAT(moved_hunks(diff_of(hunk(20, "line XX")), 1, {}, {}, false), IsEmpty()) << "nothing is known";
}

TEST(Fit, AnOffsetCountsFromWhereThePatchSays) {
  const std::string before = "new 1\nnew 2\n" + numbered_lines(40);
  const auto after = replaced(before, "line 20\n", "line XX\n");
  const auto moved =
      moved_hunks(diff_of(hunk(20, "line XX")), 1, {{"mm/gup.c", before}}, {{"mm/gup.c", after}}, false);
  EXPECT_THAT(moved, ElementsAre(MovedHunk{"mm/gup.c", 19, 2, 0}));
  // The first hunk of the patch adds a line: the second is where it says, and has not moved.
  const std::string add = "@@ -1,2 +1,3 @@\n line 1\n+more\n line 2\n";
  const std::string second = "@@ -19,3 +20,3 @@\n line 19\n-line 20\n+line XX\n line 21\n";
  const std::string plain = numbered_lines(40);
  const auto both = replaced(replaced(plain, "line 20\n", "line XX\n"), "line 1\n", "line 1\nmore\n");
  EXPECT_THAT(moved_hunks(diff_of(add + second), 1, {{"mm/gup.c", plain}}, {{"mm/gup.c", both}}, false),
              IsEmpty());
}

TEST(Fit, FuzzIsTheContextThatDiffers) {
  const std::string before = replaced(numbered_lines(40), "line 18\n", "line eighteen\n");
  const auto after = replaced(before, "line 20\n", "line XX\n");
  EXPECT_THAT(
      moved_hunks(diff_of(hunk(20, "line XX")), 1, {{"mm/gup.c", before}}, {{"mm/gup.c", after}}, false),
      ElementsAre(MovedHunk{"mm/gup.c", 17, 0, 2}));
  const auto lower = replaced(numbered_lines(40), "line 23\n", "line twenty-three\n");
  EXPECT_THAT(moved_hunks(diff_of(hunk(20, "line XX", 5)), 1, {{"mm/gup.c", lower}},
                          {{"mm/gup.c", replaced(lower, "line 20\n", "line XX\n")}}, false),
              ElementsAre(MovedHunk{"mm/gup.c", 17, -5, 1}));
}

TEST(Fit, OfSeveralPlacesTheOneThatChangedCounts) {
  // The result of the hunk was in the file before, nearer to where the patch says.
  const std::string there = "line 17\nline 18\nline 19\nline XX\nline 21\nline 22\nline 23\n";
  const std::string before = "a\nb\nc\nd\n" + there + numbered_lines(40);
  const auto after = replaced(before, "line 20\n", "line XX\n");
  EXPECT_THAT(
      moved_hunks(diff_of(hunk(20, "line XX")), 1, {{"mm/gup.c", before}}, {{"mm/gup.c", after}}, false),
      ElementsAre(MovedHunk{"mm/gup.c", 28, 11, 0}));
}

TEST(Fit, OfAMergeOnlyTheResultIsAsked) {
  const std::string before = replaced(numbered_lines(40), "line 20\n", "line XX\n");
  const std::string diff = diff_of(hunk(20, "line XX") + hunk(30, "line YY", 1));
  const auto after = replaced(before, "line 30\n", "line YY\n");
  EXPECT_THAT(moved_hunks(diff, 1, {{"mm/gup.c", before}}, {{"mm/gup.c", after}}, true),
              ElementsAre(MovedHunk{"mm/gup.c", 27, -1, 0}))
      << "the first was in the base already";
  const auto otherwise = replaced(before, "line 30\n", "line merged\n");
  EXPECT_THAT(moved_hunks(diff, 1, {{"mm/gup.c", before}}, {{"mm/gup.c", otherwise}}, true), IsEmpty())
      << "the second is found nowhere";
}

TEST(Fit, OddDiffsAreRead) {
  const std::string created = "--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+x\n";
  const std::string emptied = "--- a/old.c\n+++ b/old.c\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n";
  const std::string same = "--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -1,2 +1,2 @@\n line 1\n line 2\n";
  EXPECT_THAT(moved_hunks(created + emptied + same, 1, {{"old.c", "x"}, {"mm/gup.c", numbered_lines(3)}},
                          {{"new.c", "x\n"}, {"old.c", ""}, {"mm/gup.c", "other\n"}}, false),
              IsEmpty());
  EXPECT_THAT(moved_hunks("@@ -1 +1 @@\n-x\n+y\n", 1, {{"", "x\n"}}, {{"", "y\n"}}, false), IsEmpty())
      << "a hunk of no file";
  const std::string renamed =
      "diff --git a/old.c b/new.c\nrename from old.c\nrename to new.c\n--- a/old.c\n+++ b/new.c\n";
  const std::string before = "one more\n" + numbered_lines(40);
  EXPECT_THAT(moved_hunks(renamed + hunk(20, "line XX"), 1, {{"old.c", before}},
                          {{"new.c", replaced(before, "line 20\n", "line XX\n")}}, false),
              ElementsAre(MovedHunk{"new.c", 18, 1, 0}));
}

class FitOfSeriesTest : public SourceTest {
 protected:
  /// A repository whose first commit the patches were made on, and whose second is the base.
  FitOfSeriesTest() {
    const fs::path repo = path("linux");
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo.string()});
    write(repo / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n");
    write(repo / "mm/gup.c", numbered_lines(40));
    write(repo / "mm/swap.c", numbered_lines(40));
    commit("old");
    const auto top = "new 1\nnew 2\nnew 3\n" + replaced(numbered_lines(40), "line 32\n", "line thirty-two\n");
    write(repo / "mm/gup.c", top);
    commit("base");
    model::KernelBase base;
    base.name = "linux";
    base.source = model::KernelBase::Git{repo.string(), "main"};
    auto source = import_base(base, ctx_);
    EXPECT_TRUE(source.has_value()) << source.error().message;
    if (source.has_value()) source_ = *source;
  }
  void commit(const std::string& message) {
    git(path("linux"), {"add", "-A"});
    git(path("linux"), {"commit", "--quiet", "-m", message});
  }
  /// What git format-patch writes for a change of line `at`, on the commit before the base.
  std::string patch(int at, const std::string& to, const std::string& file = "mm/gup.c") {
    const fs::path repo = path("linux");
    git(repo, {"checkout", "--quiet", "--force", "-B", "topic", "main~1"});
    write(repo / file, replaced(numbered_lines(40), "line " + std::to_string(at) + "\n", to + "\n"));
    commit("mm: " + to);
    return git(repo, {"format-patch", "--stdout", "--full-index", "-1"});
  }
  static std::string without_index(const std::string& text) {
    std::string out;
    for (const auto line : lines(text))
      if (!line.starts_with("index ")) out.append(line).push_back('\n');
    return out;
  }
  AppliedSeries apply(const std::string& name) {
    model::Series s;
    s.name = "tested";
    if (fs::is_directory(path(name)))
      s.patches = model::Series::PatchDir{path(name)};
    else
      s.patches = model::Series::Mbox{path(name)};
    auto r = apply_series(source_, s, ctx_);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : AppliedSeries{};
  }
  Source source_;
};

TEST_F(FitOfSeriesTest, AnOffsetIsSaidAndRemembered) {
  write(path("one.mbox"), patch(10, "line ten"));
  for (int time = 0; time < 2; ++time) {
    const auto s = apply("one.mbox");
    ASSERT_EQ(s.patches.size(), 1U);
    EXPECT_FALSE(s.patches[0].fit.merged);
    EXPECT_THAT(s.patches[0].fit.hunks, ElementsAre(MovedHunk{"mm/gup.c", 10, 3, 0}));
    EXPECT_THAT(join(s.notices, "\n"), HasSubstr("1 patch applies with an offset"));
  }
}

TEST_F(FitOfSeriesTest, APatchThatFitsIsNotMentioned) {
  write(path("one.mbox"), patch(10, "line ten", "mm/swap.c"));
  const auto s = apply("one.mbox");
  ASSERT_EQ(s.patches.size(), 1U);
  EXPECT_TRUE(s.patches[0].fit.exact());
  EXPECT_THAT(s.notices, IsEmpty());
}

TEST_F(FitOfSeriesTest, AMergeIsSaidWithItsFuzz) {
  write(path("one.mbox"), patch(30, "line thirty"));
  const auto s = apply("one.mbox");
  ASSERT_EQ(s.patches.size(), 1U) << s.failure->detail;
  EXPECT_TRUE(s.patches[0].fit.merged);
  EXPECT_THAT(s.patches[0].fit.hunks, ElementsAre(MovedHunk{"mm/gup.c", 30, 3, 2}));
  EXPECT_THAT(
      join(s.notices, "\n"),
      HasSubstr("patch 1 \"mm: line thirty\" merged by --3way, fuzz 2 at mm/gup.c:30 (offset 3 lines)"));
}

TEST_F(FitOfSeriesTest, OnlyWhatIsListedForQuiltAppliesWithFuzz) {
  const auto text = without_index(patch(30, "line thirty"));
  write(path("one.mbox"), text);
  const auto mail = apply("one.mbox");
  ASSERT_TRUE(mail.failure) << "git am would not apply it";
  EXPECT_EQ(mail.failure->hunk, "hunk 1 at line 27");
  EXPECT_THAT(mail.failure->hint, HasSubstr("in a file named series"));
  write(path("queue/one.patch"), text);
  write(path("queue/series"), "one.patch\n");
  const auto quilt = apply("queue");
  ASSERT_EQ(quilt.patches.size(), 1U) << quilt.failure->detail;
  EXPECT_FALSE(quilt.patches[0].fit.merged);
  EXPECT_THAT(quilt.patches[0].fit.hunks, ElementsAre(MovedHunk{"mm/gup.c", 30, 3, 2}));
  EXPECT_THAT(join(quilt.notices, "\n"),
              HasSubstr("patch 1 \"mm: line thirty\" applies with fuzz 2 at mm/gup.c:30 (offset 3 lines)"));
  EXPECT_THAT(show(source_, quilt.patches[0].commit, "mm/gup.c"),
              HasSubstr("line 29\nline thirty\nline 31\nline thirty-two\n"));
}

TEST_F(FitOfSeriesTest, WhatFitsNowhereFailsForQuiltToo) {
  auto text = without_index(patch(30, "line thirty"));
  text = replaced(text, "-line 30\n", "-line XXX\n");
  write(path("queue/one.patch"), text);
  write(path("queue/series"), "one.patch\n");
  const auto s = apply("queue");
  ASSERT_TRUE(s.failure);
  EXPECT_EQ(s.failure->hint, "");
  EXPECT_THAT(s.notices, IsEmpty());
}

TEST_F(FitOfSeriesTest, OfManyOnlyTheFirstAreNamed) {
  std::string list;
  for (int i = 0; i < 12; ++i) {
    const auto name = "p" + std::to_string(i + 10) + ".patch";
    const std::string file = "mm/f" + std::to_string(i) + ".c";
    write(path("queue/" + name), diff_of(hunk(20, "line XX"), file));
    write(path("linux") / file, replaced(numbered_lines(40), "line 18\n", "line eighteen\n"));
    list += name + "\n";
  }
  git(path("linux"), {"checkout", "--quiet", "main"});
  commit("more files");
  write(path("queue/series"), list);
  model::KernelBase base;
  base.name = "linux";
  base.source = model::KernelBase::Git{path("linux").string(), "main"};
  source_ = import_base(base, ctx_).value();
  const auto s = apply("queue");
  ASSERT_EQ(s.patches.size(), 12U);
  EXPECT_EQ(s.notices.size(), 11U);
  EXPECT_THAT(s.notices.back(), HasSubstr("2 more patches with fuzz or by --3way"));
  EXPECT_THAT(join(s.notices, "\n"), Not(HasSubstr("offset")));
}

}  // namespace
}  // namespace pinrig::git
