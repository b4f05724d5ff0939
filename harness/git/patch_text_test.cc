// SPDX-License-Identifier: GPL-2.0
#include "git/patch_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;

constexpr const char* kTwoHunks =
    "diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,2 +1,2 @@\n-x\n+y\n z\n"
    "diff --git a/mm/b.c b/mm/b.c\n--- a/mm/b.c\n+++ b/mm/b.c\n@@ -10,2 +10,2 @@\n-x\n+y\n z\n@@ -50 +50 @@ "
    "f()\n-x\n+y\n";

TEST(PatchText, HasDiff) {
  EXPECT_TRUE(has_diff(kTwoHunks));
  EXPECT_TRUE(has_diff("text\n--- old.c\n+++ new.c\n"));
  EXPECT_FALSE(has_diff("> diff --git a/x b/x\n---\n x | 2 +-\n"));
  EXPECT_FALSE(has_diff(""));
}

TEST(PatchText, NamedPaths) {
  EXPECT_THAT(named_paths(kTwoHunks), ElementsAre("mm/a.c", "mm/b.c"));
  EXPECT_THAT(named_paths("diff --git a/empty b/empty\nnew file mode 100644\n"), ElementsAre("empty"));
  EXPECT_THAT(named_paths("diff --git a/two words b/two words\nold mode 100644\n"), ElementsAre("two words"));
  EXPECT_THAT(named_paths("diff --git a/x b/y\nrename from x\nrename to y\n"), ElementsAre("x", "y"));
  EXPECT_THAT(named_paths("--- /dev/null\n+++ b/new.c\t2024-01-01\n"), ElementsAre("new.c"));
  EXPECT_THAT(named_paths("--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- a/../b\n+++ y\n c\n--- a/z\n"),
              ElementsAre("x.sql", "z"))
      << "removed and added lines are no headers";
  EXPECT_THAT(named_paths("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n-a\ndiff --git a/y b/y\nold mode 100644\n"),
              ElementsAre("x", "y"))
      << "after a hunk that was cut";
  EXPECT_THAT(named_paths("--- \"a/\\303\\274\\n.c\"\n"), ElementsAre("\xc3\xbc\n.c"));
}

TEST(PatchText, MovesFiles) {
  EXPECT_TRUE(moves_files("diff --git a/x b/y\nrename from x\nrename to y\n"));
  EXPECT_TRUE(moves_files("diff --git a/x b/y\ncopy from x\ncopy to y\n"));
  EXPECT_FALSE(moves_files(kTwoHunks));
  EXPECT_FALSE(moves_files("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\nrename to y\n")) << "a damaged hunk";
}

TEST(PatchText, RejectionOfAHunk) {
  const auto r =
      parse_rejection("error: patch failed: mm/b.c:50\nerror: mm/b.c: patch does not apply\n", kTwoHunks);
  EXPECT_EQ(r.file, "mm/b.c");
  EXPECT_EQ(r.hunk, "hunk 2 at line 50");
  EXPECT_EQ(parse_rejection("error: patch failed: mm/b.c:51\n", kTwoHunks).hunk, "hunk at line 51");
}

TEST(PatchText, RejectionOfAFile) {
  const auto r = parse_rejection("error: mm/b.c: does not exist in index\n", kTwoHunks);
  EXPECT_EQ(r.file, "mm/b.c");
  EXPECT_EQ(r.why, Misfit::no_file);
  EXPECT_EQ(r.hunk, "does not exist in the base");
  EXPECT_EQ(parse_rejection("error: corrupt patch at line 9\n", kTwoHunks).hunk, "corrupt patch at line 9");
  EXPECT_EQ(parse_rejection("fatal: odd\n", "").hunk, "fatal: odd");
}

TEST(PatchText, RejectionsKnowTheirKind) {
  const auto why = [](const char* said) { return parse_rejection(said, kTwoHunks).why; };
  EXPECT_EQ(why("error: patch failed: mm/b.c:50\n"), Misfit::hunk);
  EXPECT_EQ(why("error: mm/b.c: already exists in index\n"), Misfit::exists);
  EXPECT_EQ(why("error: 'mm/b.c' appears as both a file and as a directory\n"), Misfit::wrong_kind);
  EXPECT_EQ(why("error: cannot apply binary patch to 'mm/b.c' without full index line\n"), Misfit::binary);
  EXPECT_EQ(why("error: corrupt patch at line 12\n"), Misfit::malformed);
  const auto r = parse_rejection("error: corrupt patch at line 12\n", kTwoHunks);
  EXPECT_EQ(r.diff_line, 12);
  EXPECT_EQ(r.file, "mm/b.c");
}

TEST(PatchText, StripLevels) {
  const std::string bare = "diff --git mm/a.c mm/a.c\n--- mm/a.c\n+++ mm/a.c\n";
  EXPECT_THAT(named_paths(bare, 0), ElementsAre("mm/a.c"));
  EXPECT_THAT(named_paths("--- x/y/mm/a.c\n", 2), ElementsAre("mm/a.c"));
  const std::string moved = "diff --git x/y/a.c x/y/b.c\nrename from y/a.c\nrename to y/b.c\n";
  EXPECT_THAT(named_paths(moved, 2), ElementsAre("a.c", "b.c"));
  for (const char* path : {"../x", "/x", "a/../b", ".git/x", "a//b", ""})
    EXPECT_TRUE(unsafe_path(path)) << path;
  for (const char* path : {"a", "a..b/c", ".gitignore", "mm/gup.c"}) EXPECT_FALSE(unsafe_path(path)) << path;
}

TEST(PatchText, CarriageReturnsOfTheMailGoThoseOfTheFileStay) {
  const std::string unix_text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
  const std::string dos_file = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\r\n+b\r\n";
  EXPECT_EQ(without_added_cr("--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n"), unix_text);
  EXPECT_EQ(without_added_cr(dos_file), dos_file);
  EXPECT_EQ(without_added_cr(unix_text), unix_text);
}

TEST(PatchText, DamageIsRecognised) {
  EXPECT_EQ(damage_hint(kTwoHunks, false), "");
  EXPECT_THAT(damage_hint("@@ -1,2 +1,2 @@\nlost\n-x\n+y\n", false),
              ::testing::HasSubstr("\"lost\" does not start with"));
  EXPECT_THAT(damage_hint("@@ -1,2 +1,2 @@\nlost\n", true),
              ::testing::HasSubstr("the mail is format=flowed"));
}

TEST(PatchText, SubjectsAreOneLineOfText) {
  EXPECT_EQ(one_line(" mm: \x1b[31mred\n two\x7f "), "mm:  [31mred  two");
  EXPECT_EQ(one_line("caf\xe9 caf\xc3\xa9 \xc2\x9b"), "caf\xef\xbf\xbd caf\xc3\xa9 \\x9b");
}

TEST(PatchText, LinesOfTheUsersFile) {
  EXPECT_EQ(line_in_file("Subject: x\r\n\r\n--- a/x\r\n+++ b/x\r\n", "--- a/x\n+++ b/x\n"), 3);
  EXPECT_EQ(line_in_file("LS0tIGEveA==\n", "--- a/x\n"), 0);
}

}  // namespace
}  // namespace pinrig::git
