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
  EXPECT_THAT(named_paths("--- \"a/\\303\\274\\n.c\"\n"), ElementsAre("\xc3\xbc\n.c"));
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
  EXPECT_EQ(r.hunk, "does not exist in index");
  EXPECT_EQ(parse_rejection("error: corrupt patch at line 9\n", kTwoHunks).hunk, "corrupt patch at line 9");
  EXPECT_EQ(parse_rejection("fatal: odd\n", "").hunk, "fatal: odd");
}

}  // namespace
}  // namespace pinrig::git
