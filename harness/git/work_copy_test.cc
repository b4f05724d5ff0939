// SPDX-License-Identifier: GPL-2.0
#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;

class WorkCopyTest : public SourceTest {};

TEST_F(WorkCopyTest, CommitsOnItAreASeriesThatKeepsItsTrees) {
  const Source source = small();
  const fs::path dir = path("work/linux");
  auto made = make_work_copy(source, dir, "topic", ctx_);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(git(dir, {"symbolic-ref", "--short", "HEAD"}), "topic");
  EXPECT_EQ(git(dir, {"rev-parse", "base"}), source.commit);
  EXPECT_EQ(git(dir, {"status", "--porcelain"}), "");
  write(dir / "mm/swap.c", "changed\n");
  git(dir, {"commit", "--quiet", "-a", "-m", "mm: change"});
  model::Series series;
  series.name = "mine";
  series.patches = model::Series::GitRange{dir.string(), "base..HEAD"};
  const auto s = apply_series(source, series, ctx_);
  ASSERT_TRUE(s.has_value()) << s.error().message;
  ASSERT_EQ(s->patches.size(), 1U);
  EXPECT_EQ(s->patches[0].tree, git(dir, {"rev-parse", "HEAD^{tree}"}));
}

TEST_F(WorkCopyTest, DoesNotDependOnTheCache) {
  const Source source = small();
  ASSERT_TRUE(make_work_copy(source, path("linux"), "work", ctx_).has_value());
  fs::rename(source.repo, path("elsewhere"));
  git(path("linux"), {"init", "--quiet", path("any").string()});
  EXPECT_EQ(git(path("linux"), {"fsck", "--connectivity-only", "--no-dangling"}), "");
}

TEST_F(WorkCopyTest, OverwritesNothing) {
  write(path("full/notes"), "mine\n");
  const auto full = check_work_copy(path("full"), "work");
  ASSERT_TRUE(full.has_error());
  EXPECT_EQ(full.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(full.error().message, HasSubstr("not an empty directory"));
  EXPECT_TRUE(check_work_copy(path("full/notes"), "work").has_error());
  fs::create_directories(path("empty"));
  EXPECT_TRUE(check_work_copy(path("empty"), "work").has_value());
  for (const char* branch : {"", "-x", "a b", "a..b", "base", "x/"})
    EXPECT_TRUE(check_work_copy(path("none"), branch).has_error()) << branch;
}

}  // namespace
}  // namespace pinrig::git
