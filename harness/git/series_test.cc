// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"
#include "git/test_source.h"

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SeriesTest : public SourceTest {
 protected:
  SeriesTest() : source_(small()) {}

  static model::Series mbox(const fs::path& file) {
    model::Series s;
    s.name = "tested";
    s.patches = model::Series::Mbox{file.string()};
    return s;
  }
  static model::Series testdata(const std::string& name) { return mbox(fs::path(PINRIG_TESTDATA) / name); }
  static model::Series directory(const fs::path& dir) {
    model::Series s;
    s.name = "tested";
    s.patches = model::Series::PatchDir{dir.string()};
    return s;
  }
  AppliedSeries apply(const model::Series& s) {
    auto r = apply_series(source_, s, ctx_);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : AppliedSeries{};
  }
  Error error(const model::Series& s) {
    auto r = apply_series(source_, s, ctx_);
    EXPECT_TRUE(r.has_error());
    const Error e = r.has_error() ? r.error() : Error{};
    EXPECT_EQ(e.kind, ErrorKind::bad_input) << e.message;
    EXPECT_THAT(e.message, HasSubstr("series tested"));
    return e;
  }
  /// A patch file that changes `line` of mm/gup.c, as git format-patch writes it but without index line.
  static std::string patch(const std::string& subject, int line, const std::string& to) {
    std::string hunk;
    for (int i = line - 3; i <= line + 3; ++i)
      hunk +=
          i == line ? "-line " + std::to_string(i) + "\n+" + to + "\n" : " line " + std::to_string(i) + "\n";
    const std::string at = std::to_string(line - 3) + ",7";
    return "From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001\nFrom: A. Developer "
           "<dev@example.org>\n"
           "Date: Tue, 2 Jan 2024 10:00:00 +0100\nSubject: " +
           subject +
           "\n\nWhy.\n---\n\ndiff --git a/mm/gup.c b/mm/gup.c\n"
           "--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -" +
           at + " +" + at + " @@\n" + hunk + "--\n2.39.5\n\n";
  }

  Source source_;
};

TEST_F(SeriesTest, MailsInAnyOrderAndEncoding) {
  const auto s = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  ASSERT_FALSE(s.failure) << s.failure->detail;
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[0].number, 1);
  EXPECT_EQ(s.patches[0].subject, "mm/gup: first (k\u016f\u0148)");
  EXPECT_EQ(s.patches[0].author, "Ji\u0159\u00ed V\u00fdvoj\u00e1\u0159 <jiri@example.org>");
  EXPECT_EQ(s.patches[1].subject, "mm/gup: second");
  EXPECT_EQ(s.patches[2].subject, "mm/swap: third");
  EXPECT_THAT(s.patches[2].files, ElementsAre("mm/swap.c"));
  EXPECT_THAT(show(source_, s.patches[0].commit, "mm/gup.c"), HasSubstr("line five = \"\u00fc\"\n"));
  EXPECT_THAT(show(source_, s.patches[1].commit, "mm/gup.c"), HasSubstr("line twenty\n"));
  EXPECT_EQ(show(source_, s.patches[1].commit, "mm/swap.c"), numbered_lines(40));
  EXPECT_THAT(show(source_, s.patches[2].commit, "mm/swap.c"), HasSubstr("line ten\n"));
  const std::string log = git(source_.repo, {"log", "--format=%an|%cn|%s|%P", "-1", s.patches[1].commit});
  EXPECT_EQ(log, "A. Developer|pinrig|mm/gup: second|" + s.patches[0].commit);
  EXPECT_THAT(git(source_.repo, {"log", "--format=%B", "-1", s.patches[0].commit}),
              HasSubstr("Signed-off-by: A. Dev"));
  EXPECT_EQ(s.patches[2].tree, git(source_.repo, {"rev-parse", s.patches[2].commit + "^{tree}"}));
}

TEST_F(SeriesTest, SameSeriesSameCommitsAndASecondCallOnlyLooks) {
  const auto first = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  int reports = 0;
  ctx_.progress = [&](const std::string&, std::uint64_t, std::uint64_t) { ++reports; };
  const auto again = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  EXPECT_EQ(reports, 0);
  ctx_.cache = path("another-cache");
  const Source fresh = small();
  const auto elsewhere = apply_series(fresh, testdata("shuffled-v3-with-cover-and-replies.mbox"), ctx_);
  ASSERT_TRUE(elsewhere.has_value());
  ASSERT_EQ(again.patches.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again.patches[i].commit, first.patches[i].commit);
    EXPECT_EQ(again.patches[i].files, first.patches[i].files);
    EXPECT_EQ(elsewhere->patches.at(i).commit, first.patches[i].commit);
  }
}

TEST_F(SeriesTest, DamagedMemoryOfASeriesIsMadeAnew) {
  const auto first = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  for (const auto& e : fs::directory_iterator(source_.repo / "pinrig-series"))
    write(e.path(), "[{\"number\": 1}]");
  const auto again = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  EXPECT_EQ(again.patches.size(), first.patches.size());
  EXPECT_EQ(again.subjects, first.subjects);
}

TEST_F(SeriesTest, ForAnotherBaseNamesPatchFileAndHunk) {
  const auto s = apply(testdata("for-another-base.mbox"));
  ASSERT_TRUE(s.failure);
  EXPECT_EQ(s.failure->number, 2);
  EXPECT_EQ(s.failure->subject, "mm/gup: does not fit");
  EXPECT_EQ(s.failure->file, "mm/gup.c");
  EXPECT_EQ(s.failure->hunk, "hunk 2 at line 27");
  EXPECT_THAT(s.failure->detail, HasSubstr("patch failed: mm/gup.c:27"));
  ASSERT_EQ(s.patches.size(), 1U) << "the patch before it can be used";
  EXPECT_EQ(s.subjects.size(), 3U) << "the patch after it is still a point of the series";
  EXPECT_THAT(show(source_, s.patches[0].commit, "mm/gup.c"), HasSubstr("line XII\n"));
}

TEST_F(SeriesTest, WhatIsNoSeries) {
  EXPECT_THAT(error(testdata("gap-2-of-3-missing.mbox")).message, HasSubstr("patch 2/3 is missing"));
  EXPECT_THAT(error(testdata("two-versions.mbox")).message, HasSubstr("two versions, v1 and v2"));
  EXPECT_THAT(error(testdata("duplicate.mbox")).message, HasSubstr("patch 1/2 is there twice"));
  EXPECT_THAT(error(testdata("only-replies.mbox")).message, HasSubstr("only replies"));
  EXPECT_THAT(error(testdata("patch-without-diff.mbox")).message, HasSubstr("no diff in \"two\""));
  const Error html = error(testdata("html-instead-of-mbox.mbox"));
  EXPECT_THAT(html.message, HasSubstr("this is HTML, save the raw mbox"));
  EXPECT_THAT(html.hint, HasSubstr("mbox.gz"));
  write(path("empty.mbox"), "\n");
  EXPECT_THAT(error(mbox(path("empty.mbox"))).message, HasSubstr("empty"));
  write(path("notes.mbox"), "Remember the milk.\n");
  EXPECT_THAT(error(mbox(path("notes.mbox"))).message, HasSubstr("no patch"));
  EXPECT_THAT(error(mbox(path("missing.mbox"))).message, HasSubstr("missing.mbox"));
  EXPECT_THAT(error(mbox(dir_.path())).message, HasSubstr("a directory"));
  write(path("cut.mbox"), "\x1f\x8b not really");
  EXPECT_THAT(error(mbox(path("cut.mbox"))).message, HasSubstr("damaged"));
}

TEST_F(SeriesTest, DirectoryIsSortedByNameAndIgnoresOtherFiles) {
  write(path("p/0002-b.patch"), patch("[PATCH] b", 20, "B"));
  write(path("p/0001-a.patch"), patch("[PATCH] a", 20, "line 20"));
  write(path("p/0001-a.patch"), patch("[PATCH] a", 10, "A"));
  write(path("p/0003-c.eml"), patch("[PATCH] [media] c", 30, "C"));
  write(path("p/README"), "not a patch");
  write(path("p/0000-cover-letter.patch"),
        "From: A. Developer <dev@example.org>\nSubject: [PATCH 0/3] all\n\nText.\n");
  const auto s = apply(directory(path("p")));
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[0].subject, "a");
  EXPECT_EQ(s.patches[1].subject, "b");
  EXPECT_EQ(s.patches[2].subject, "c");
}

TEST_F(SeriesTest, SeriesFileGivesTheOrderAndPlainDiffsTheirNames) {
  const std::string plain = patch("x", 20, "Z");
  write(path("p/z.diff"), plain.substr(plain.find("diff --git")));
  write(path("p/a.patch"), patch("[PATCH v7 5/9] a", 10, "A"));
  write(path("p/unused.patch"), "garbage");
  write(path("p/series"), "# order of the distribution\nz.diff -p1\n\na.patch # why\n");
  const auto s = apply(directory(path("p")));
  ASSERT_EQ(s.patches.size(), 2U);
  EXPECT_EQ(s.patches[0].subject, "z");
  EXPECT_EQ(s.patches[1].subject, "a");
  write(path("p/series"), "a.patch\nnowhere.patch\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("series:2: patch 'nowhere.patch'"));
  write(path("p/series"), "a.patch -p0\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("'-p0'"));
}

TEST_F(SeriesTest, DirectoriesWithoutPatches) {
  fs::create_directories(path("none"));
  EXPECT_THAT(error(directory(path("none"))).message, HasSubstr("holds no patch"));
  EXPECT_THAT(error(directory(path("nowhere"))).message, HasSubstr("no such directory"));
}

TEST_F(SeriesTest, NewDeletedRenamedAndModeChanged) {
  write(path("one.mbox"),
        "From: A. Developer <dev@example.org>\nSubject: [PATCH] many kinds\n\n---\n"
        "diff --git a/new/file.sh b/new/file.sh\nnew file mode 100755\n--- /dev/null\n+++ b/new/file.sh\n@@ "
        "-0,0 +1 @@\n+hello\n"
        "diff --git a/zz/hard b/zz/soft\nsimilarity index 100%\nrename from zz/hard\nrename to zz/soft\n"
        "diff --git a/scripts/run.sh b/scripts/run.sh\nold mode 100755\nnew mode 100644\n"
        "diff --git a/empty b/empty\ndeleted file mode 100644\n");
  const auto s = apply(mbox(path("one.mbox")));
  ASSERT_FALSE(s.failure) << s.failure->detail;
  EXPECT_THAT(s.patches.at(0).files,
              ElementsAre("empty", "new/file.sh", "scripts/run.sh", "zz/hard", "zz/soft"));
  EXPECT_EQ(show(source_, s.patches[0].commit, "zz/soft"), numbered_lines(40));
  const std::string tree = git(source_.repo, {"ls-tree", "-r", s.patches[0].commit});
  EXPECT_THAT(tree, ::testing::Not(HasSubstr("empty")));
  EXPECT_THAT(tree, ::testing::ContainsRegex("100755 blob [0-9a-f]+\tnew/file.sh"));
  EXPECT_THAT(tree, ::testing::ContainsRegex("100644 blob [0-9a-f]+\tscripts/run.sh"));
}

TEST_F(SeriesTest, GitRangeAndThreeWayMerge) {
  // The range is made on another base, whose lines 18 and 19 differ: the context of its patch does not fit,
  // but its blobs are known, so that a three-way merge does.
  const fs::path repo = path("user");
  git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo.string()});
  std::string text = numbered_lines(40);
  const auto replace = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  const auto commit = [&](const std::string& subject) {
    write(repo / "mm/gup.c", text);
    git(repo, {"add", "-A"});
    git(repo, {"commit", "--quiet", "-m", subject});
  };
  replace("line 17\n", "line 17 of the other base\n");
  commit("base");
  replace("line 20\n", "line 20 changed\n");
  commit("[1] brackets of a commit stay");
  replace("line 35\n", "line 35 changed\n");
  commit("two");
  model::Series series;
  series.name = "tested";
  series.patches = model::Series::GitRange{repo.string(), "main~2..main"};
  const auto s = apply(series);
  ASSERT_FALSE(s.failure) << s.failure->detail;
  ASSERT_EQ(s.patches.size(), 2U);
  EXPECT_EQ(s.patches[0].subject, "[1] brackets of a commit stay");
  const std::string merged = show(source_, s.patches[1].commit, "mm/gup.c");
  EXPECT_THAT(merged, HasSubstr("line 17\nline 18\nline 19\nline 20 changed\n"));
  EXPECT_THAT(merged, HasSubstr("line 35 changed\n"));

  series.patches = model::Series::GitRange{repo.string(), "main..main"};
  EXPECT_THAT(error(series).message, HasSubstr("is empty"));
  series.patches = model::Series::GitRange{repo.string(), "v1..v2"};
  EXPECT_THAT(error(series).message, HasSubstr("v1..v2"));
  series.patches = model::Series::GitRange{repo.string(), "main"};
  EXPECT_THAT(error(series).message, HasSubstr("not a range"));
  series.patches = model::Series::GitRange{path("nowhere").string(), "a..b"};
  EXPECT_THAT(error(series).message, HasSubstr("no such directory"));
  git(repo, {"checkout", "--quiet", "-b", "side", "main~1"});
  git(repo, {"merge", "--quiet", "--no-ff", "--strategy=ours", "main", "-m", "merge"});
  series.patches = model::Series::GitRange{repo.string(), "main~2..side"};
  EXPECT_THAT(error(series).message, HasSubstr("holds the merge"));
}

TEST_F(SeriesTest, UsersConfigurationDoesNotMatter) {
  const auto expected = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  write(path("home/.gitconfig"),
        "[apply]\n\twhitespace = error-all\n[user]\n\tname = Somebody\n[core]\n\tautocrlf = true\n");
  const char* home = std::getenv("HOME");
  const std::string before = home != nullptr ? home : "";
  ::setenv("HOME", path("home").c_str(), 1);
  ::setenv("GIT_DIR", "/nonexistent", 1);
  ctx_.cache = path("another-cache");
  source_ = small();
  const auto s = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  ::setenv("HOME", before.c_str(), 1);
  ::unsetenv("GIT_DIR");
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[2].commit, expected.patches.at(2).commit);
}

TEST_F(SeriesTest, Cancelled) {
  cancel_.request();
  const auto r = apply_series(source_, testdata("for-another-base.mbox"), ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace pinrig::git
