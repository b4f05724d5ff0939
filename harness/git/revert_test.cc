// SPDX-License-Identifier: GPL-2.0
#include "git/revert.h"

#include "git/people.h"
#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;

/// main: base, a, b with the merge of a branch between them.
class RevertTest : public SourceTest {
 protected:
  RevertTest() : repo_(path("user")) {
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo_.string()});
    write(repo_ / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
    write(repo_ / "mm/gup.c", numbered_lines(40));
    commit("base");
    git(repo_, {"tag", "base"});
  }
  void commit(const std::string& message) {
    git(repo_, {"add", "-A"});
    git(repo_, {"commit", "--quiet", "-m", message});
  }
  void change_line(int line, const std::string& text) {
    std::string all = numbered_lines(40);
    if (fs::exists(repo_ / "mm/gup.c")) all = *read_file(repo_ / "mm/gup.c");
    const std::string old = "line " + std::to_string(line) + "\n";
    const auto at = all.find(old);
    ASSERT_NE(at, std::string::npos);
    write(repo_ / "mm/gup.c", all.replace(at, old.size(), text + "\n"));
  }
  model::KernelBase base_at(const std::string& rev) const {
    model::KernelBase base;
    base.name = "user";
    base.source = model::KernelBase::Git{repo_.string(), rev};
    return base;
  }
  std::string error_between(const std::string& good, const std::string& bad) {
    const auto r = commits_between(repo_.string(), good, bad, ctx_);
    return r.has_error() ? r.error().message : "no error";
  }

  fs::path repo_;
};

TEST_F(RevertTest, TheTipHasThePatchReverted) {
  change_line(5, "five");
  commit("first");
  change_line(30, "thirty");
  commit("second");
  model::KernelBase base;
  base.name = "user";
  base.source = model::KernelBase::Git{repo_.string(), "base"};
  const auto source = import_base(base, ctx_);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  model::Series s;
  s.name = "tested";
  s.patches = model::Series::GitRange{repo_.string(), "base..main"};
  const auto series = apply_series(*source, s, ctx_);
  ASSERT_TRUE(series.has_value()) << series.error().message;
  const auto reverted = with_revert(*source, *series, 1, ctx_);
  ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
  ASSERT_FALSE(reverted->failure);
  ASSERT_EQ(reverted->patches.size(), 3u);
  EXPECT_EQ(reverted->subjects.back(), "Revert \"first\"");
  EXPECT_EQ(reverted->patches.back().number, 3);
  const auto text = show(*source, reverted->patches.back().commit, "mm/gup.c");
  EXPECT_THAT(text, HasSubstr("line 5\n"));
  EXPECT_THAT(text, HasSubstr("thirty\n"));
  const auto second = with_revert(*source, *series, 2, ctx_);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  const auto both = with_revert(*source, *second, 1, ctx_);
  ASSERT_TRUE(both.has_value()) << both.error().message;
  ASSERT_EQ(both->patches.size(), 4u);
  EXPECT_EQ(both->patches.back().number, 4);
  EXPECT_EQ(both->patches.back().tree, source->tree) << "nothing of the series is left";
  const auto twice = with_revert(*source, *both, 1, ctx_);
  EXPECT_TRUE(twice.has_error() ? twice.error().kind == ErrorKind::apply_failed : twice->failure.has_value());
}

TEST_F(RevertTest, APatchThatLaterOnesBuildOnCannotBeReverted) {
  change_line(5, "five");
  commit("first");
  write(repo_ / "mm/gup.c", "all of it is different\n");
  commit("second");
  model::KernelBase base;
  base.name = "user";
  base.source = model::KernelBase::Git{repo_.string(), "base"};
  const auto source = import_base(base, ctx_);
  model::Series s;
  s.name = "tested";
  s.patches = model::Series::GitRange{repo_.string(), "base..main"};
  const auto series = apply_series(*source, s, ctx_);
  ASSERT_TRUE(series.has_value()) << series.error().message;
  const auto reverted = with_revert(*source, *series, 1, ctx_);
  ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
  ASSERT_TRUE(reverted->failure);
  EXPECT_EQ(reverted->failure->number, 3);
}

TEST_F(RevertTest, ARangeHasItsMergesWithParentsFirst) {
  git(repo_, {"checkout", "--quiet", "-b", "side"});
  change_line(5, "five");
  commit("on the side");
  git(repo_, {"checkout", "--quiet", "main"});
  write(repo_ / "other", "x\n");
  commit("on main");
  git(repo_, {"merge", "--quiet", "--no-edit", "-m", "the merge", "side"});
  const auto range = commits_between(repo_.string(), "base", "main", ctx_);
  ASSERT_TRUE(range.has_value()) << range.error().message;
  ASSERT_EQ(range->size(), 4u);
  EXPECT_EQ(range->front().subject, "base");
  EXPECT_EQ(range->back().subject, "the merge");
  EXPECT_EQ(range->back().parents.size(), 2u);
}

// The user's clone is only read: what is checked out there, and what was changed in it, stays.
TEST_F(RevertTest, ACommitOfARangeIsRevertedAtItsEndAndTheCloneStaysAsItIs) {
  change_line(5, "five");
  commit("first");
  const auto first = git(repo_, {"rev-parse", "HEAD"});
  change_line(30, "thirty");
  commit("second");
  write(repo_ / "mm/gup.c", "being worked on\n");
  const auto before = git(repo_, {"status", "--porcelain", "--branch"}) + git(repo_, {"for-each-ref"});
  const auto source = import_base(base_at("main"), ctx_);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  const auto reverted = without_commits(*source, repo_.string(), {first}, ctx_);
  ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
  const auto text = show(*reverted, reverted->commit, "mm/gup.c");
  EXPECT_THAT(text, HasSubstr("line 5\n"));
  EXPECT_THAT(text, HasSubstr("thirty\n"));
  EXPECT_NE(reverted->tree, source->tree);
  EXPECT_EQ(git(repo_, {"status", "--porcelain", "--branch"}) + git(repo_, {"for-each-ref"}), before);
}

TEST_F(RevertTest, AMergeAndACommitThatOthersBuildOnAreNotReverted) {
  change_line(5, "five");
  commit("first");
  const auto first = git(repo_, {"rev-parse", "HEAD"});
  git(repo_, {"checkout", "--quiet", "-b", "side", "base"});
  write(repo_ / "other", "x\n");
  commit("on the side");
  git(repo_, {"checkout", "--quiet", "main"});
  git(repo_, {"merge", "--quiet", "--no-edit", "-m", "the merge", "side"});
  const auto merge = git(repo_, {"rev-parse", "HEAD"});
  write(repo_ / "mm/gup.c", "all of it is different\n");
  commit("third");
  const auto source = import_base(base_at("main"), ctx_);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  for (const auto& [commit, why] : {std::pair(merge, "is a merge"), {first, "does not apply"}}) {
    const auto reverted = without_commits(*source, repo_.string(), {commit}, ctx_);
    ASSERT_TRUE(reverted.has_error()) << why;
    EXPECT_EQ(reverted.error().kind, ErrorKind::apply_failed) << why;
    EXPECT_THAT(reverted.error().message, HasSubstr(why));
  }
}

TEST_F(RevertTest, PeopleAreTheAuthorAndTheTagsEachOnce) {
  change_line(5, "five");
  commit(
      "mm: x\n\nSee <this>.\n\nReported-by: R <r@example.org>\nReviewed-by: R <r@example.org>\n"
      "Link: https://example.org/x\nCc: C <c@example.org>\n");
  const auto people = people_of(repo_.string(), "main", ctx_);
  ASSERT_TRUE(people.has_value()) << people.error().message;
  ASSERT_EQ(people->size(), 3u);
  EXPECT_THAT(people->front(), HasSubstr("Author: "));
  EXPECT_EQ(people->back(), "Cc: C <c@example.org>");
}

TEST_F(RevertTest, EndsThatMakeNoRangeAreErrors) {
  change_line(5, "five");
  commit("first");
  git(repo_, {"checkout", "--quiet", "-b", "side", "base"});
  change_line(6, "six");
  commit("another");
  EXPECT_THAT(error_between("base", "base"), HasSubstr("the same commit"));
  EXPECT_THAT(error_between("main", "base"), HasSubstr("--good is newer than --bad"));
  EXPECT_THAT(error_between("side", "main"), HasSubstr("no ancestor"));
  EXPECT_THAT(error_between("nothing", "main"), HasSubstr("--good nothing: no such revision"));
  const auto none = commits_between(path("nowhere").string(), "a", "b", ctx_);
  ASSERT_TRUE(none.has_error());
  EXPECT_THAT(none.error().message, HasSubstr("no such directory"));
}

}  // namespace
}  // namespace pinrig::git
