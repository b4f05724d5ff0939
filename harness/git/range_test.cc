// SPDX-License-Identifier: GPL-2.0
#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A user's repository with a kernel's Makefile in its first commit, tag base.
class RangeTest : public SourceTest {
 protected:
  RangeTest() : repo_(path("user")) {
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo_.string()});
    write(repo_ / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
    write(repo_ / "mm/gup.c", numbered_lines(40));
    write(repo_ / "dos.inf", "one\r\ntwo\r\n");
    commit("base");
    git(repo_, {"tag", "base"});
  }
  void commit(const std::string& message, std::vector<std::string> more = {}) {
    git(repo_, {"add", "-A"});
    std::vector<std::string> args{"commit", "--quiet", "-m", message};
    args.insert(args.end(), more.begin(), more.end());
    git(repo_, args);
  }
  Source base_of(const std::string& rev) {
    model::KernelBase base;
    base.name = "user";
    base.source = model::KernelBase::Git{repo_.string(), rev};
    auto source = import_base(base, ctx_);
    EXPECT_TRUE(source.has_value()) << source.error().message;
    return source.has_value() ? *source : Source{};
  }
  static model::Series series(const std::string& repo, const std::string& range) {
    model::Series s;
    s.name = "tested";
    s.patches = model::Series::GitRange{repo, range};
    return s;
  }
  AppliedSeries apply(const Source& source, const std::string& range) {
    auto r = apply_series(source, series(repo_.string(), range), ctx_);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : AppliedSeries{};
  }
  Error error(const Source& source, const model::Series& s) {
    auto r = apply_series(source, s, ctx_);
    EXPECT_TRUE(r.has_error());
    const Error e = r.has_error() ? r.error() : Error{};
    EXPECT_EQ(e.kind, ErrorKind::bad_input) << e.message;
    return e;
  }
  std::string tree(const std::string& rev) { return git(repo_, {"rev-parse", rev + "^{tree}"}); }

  fs::path repo_;
};

TEST_F(RangeTest, KeepsTreesExactlyWhateverIsInTheLog) {
  write(repo_ / "dos.inf", "one\r\n2\r\n");
  commit(
      "[1] brackets stay\n\nFrom x Mon Sep 17 00:00:00 2001\nSubject: not a mail\n\n---\ndiff --git a/x "
      "b/x\n");
  write(repo_ / "mm/gup.c", numbered_lines(39));
  write(repo_ / "odd \"name\"", std::string("\0\1\2", 3));
  commit("a subject\nover two lines\n\nBody.");
  git(repo_, {"config", "diff.context", "0"});
  git(repo_, {"config", "diff.noprefix", "true"});
  const Source base = base_of("base");
  const auto s = apply(base, "base..main");
  ASSERT_FALSE(s.failure) << to_string(*s.failure);
  ASSERT_EQ(s.patches.size(), 2U);
  EXPECT_EQ(s.patches[0].subject, "[1] brackets stay");
  EXPECT_EQ(s.patches[1].subject, "a subject over two lines");
  EXPECT_EQ(s.patches[0].tree, tree("main~1"));
  EXPECT_EQ(s.patches[1].tree, tree("main"));
  EXPECT_THAT(s.patches[1].files, ElementsAre("mm/gup.c", "odd \"name\""));
  EXPECT_EQ(s.patches[1].patch_id.size(), 40U);
  EXPECT_THAT(s.notices, IsEmpty());
}

TEST_F(RangeTest, SubjectsAndAuthorsAreTextWhateverTheCommitHolds) {
  write(repo_ / "a", "a\n");
  commit("caf\xe9 \x1b[31mred", {"--author=A \x1b[2J\xe9 <a@example.org>"});
  const auto s = apply(base_of("base"), "base..main");
  ASSERT_EQ(s.patches.size(), 1U);
  EXPECT_EQ(s.patches[0].subject, "caf\xc3\xa9  [31mred");
  EXPECT_EQ(s.patches[0].author, "A [2J\xc3\xa9 <a@example.org>");
}

TEST_F(RangeTest, OnAnotherBaseCarriageReturnsStayAndObjectsAreCopied) {
  write(repo_ / "dos.inf", "one\r\n2\r\n");
  commit("dos");
  git(repo_, {"checkout", "--quiet", "-b", "other", "base"});
  write(repo_ / "unrelated", "x\n");
  commit("another base");
  const Source other = base_of("other");
  // A clone of its own: what the range lends is not borrowed by the base.
  git(dir_.path(), {"clone", "--quiet", "--branch=main", "file://" + repo_.string(), path("clone").string()});
  git(repo_, {"branch", "-D", "main"});
  git(repo_, {"reflog", "expire", "--expire=now", "--all"});
  git(repo_, {"prune", "--expire=now"});
  const auto s = apply_series(other, series(path("clone").string(), "base..main"), ctx_);
  ASSERT_TRUE(s.has_value()) << s.error().message;
  ASSERT_FALSE(s->failure) << to_string(*s->failure);
  EXPECT_EQ(show(other, s->patches.at(0).commit, "dos.inf"), "one\r\n2\r\n");
}

TEST_F(RangeTest, SubmodulesAndEmptyCommits) {
  const std::string gitlink = std::string("160000,") + git(repo_, {"rev-parse", "base"}) + ",sub";
  git(repo_, {"update-index", "--add", "--cacheinfo", gitlink});
  git(repo_, {"commit", "--quiet", "-m", "a submodule"});
  git(repo_, {"tag", "with-sub"});
  git(repo_, {"commit", "--quiet", "--allow-empty", "-m", "cover letter"});
  write(repo_ / "mm/gup.c", numbered_lines(41));
  git(repo_, {"add", "mm/gup.c"});
  git(repo_, {"commit", "--quiet", "-m", "change"});
  const auto exact = apply(base_of("with-sub"), "with-sub..main");
  ASSERT_EQ(exact.patches.size(), 1U);
  EXPECT_EQ(exact.patches[0].tree, tree("main"));
  EXPECT_THAT(exact.notices, ElementsAre(HasSubstr("\"cover letter\" is empty and is skipped")));
  // Here the patches go through git apply.
  git(repo_, {"checkout", "--quiet", "-b", "other", "with-sub"});
  write(repo_ / "unrelated", "x\n");
  git(repo_, {"add", "unrelated"});
  git(repo_, {"commit", "--quiet", "-m", "another base"});
  const auto applied = apply(base_of("other"), "with-sub..main");
  ASSERT_FALSE(applied.failure) << to_string(*applied.failure);
  EXPECT_EQ(applied.patches.size(), 1U);
}

TEST_F(RangeTest, ThreeWayMerge) {
  // The range is made on another base, whose lines 18 and 19 differ: the context of its patch does not fit,
  // but its blobs are known, so that a three-way merge does.
  std::string text = numbered_lines(40);
  text.replace(text.find("line 17\n"), 8, "line 17 of the other base\n");
  write(repo_ / "mm/gup.c", text);
  commit("other base");
  text.replace(text.find("line 20\n"), 8, "line 20 changed\n");
  write(repo_ / "mm/gup.c", text);
  commit("one");
  const Source base = base_of("base");
  const auto s = apply(base, "main~1..main");
  ASSERT_FALSE(s.failure) << to_string(*s.failure);
  EXPECT_THAT(show(base, s.patches.at(0).commit, "mm/gup.c"),
              HasSubstr("line 17\nline 18\nline 19\nline 20 changed\n"));
}

TEST_F(RangeTest, FollowsAFileThatTheBaseRenamed) {
  std::string text = numbered_lines(40);
  text.replace(text.find("line 20\n"), 8, "line twenty\n");
  write(repo_ / "mm/gup.c", text);
  commit("change");
  git(repo_, {"checkout", "--quiet", "-b", "renamed", "base"});
  git(repo_, {"mv", "mm/gup.c", "mm/pin.c"});
  commit("rename");
  const Source base = base_of("renamed");
  const auto s = apply(base, "base..main");
  ASSERT_FALSE(s.failure) << to_string(*s.failure);
  EXPECT_THAT(s.patches.at(0).files, ElementsAre("mm/pin.c"));
  EXPECT_THAT(show(base, s.patches[0].commit, "mm/pin.c"), HasSubstr("line twenty\n"));
}

TEST_F(RangeTest, PatchesThatAreInTheBaseChangeNothing) {
  std::string text = numbered_lines(40);
  text.replace(text.find("line 20\n"), 8, "line twenty\n");
  write(repo_ / "mm/gup.c", text);
  commit("already there");
  const Error e = error(base_of("main"), series(repo_.string(), "base..main"));
  EXPECT_THAT(e.message, HasSubstr("patch 1 \"already there\" changes nothing: already in the base"));
}

TEST_F(RangeTest, WhatIsNoRange) {
  const Source base = base_of("base");
  const auto range = [&](const std::string& r) { return series(repo_.string(), r); };
  EXPECT_THAT(error(base, range("main..main")).message, HasSubstr("is empty: both ends are commit "));
  EXPECT_THAT(error(base, range("v1..v2")).message, HasSubstr("v1..v2"));
  EXPECT_THAT(error(base, range("main")).message, HasSubstr("not a range"));
  EXPECT_THAT(error(base, range("base...main")).message, HasSubstr("not a range"));
  EXPECT_THAT(error(base, series(path("nowhere").string(), "a..b")).message, HasSubstr("no such directory"));
  EXPECT_THAT(error(base, series(ctx_.cache.string(), "a..b")).message, HasSubstr("is not a git repository"));
  write(repo_ / "a", "a\n");
  commit("a");
  git(repo_, {"checkout", "--quiet", "-b", "side", "base"});
  write(repo_ / "b", "b\n");
  commit("b");
  git(repo_, {"merge", "--quiet", "--no-ff", "main", "-m", "merge"});
  EXPECT_THAT(error(base, range("base..side")).message, HasSubstr("\"merge\""));
  EXPECT_THAT(error(base, range("base..side")).hint, HasSubstr("git rebase"));
}

TEST_F(RangeTest, AReversedRangeIsToldSo) {
  write(repo_ / "a", "a\n");
  commit("a");
  const Error e = error(base_of("base"), series(repo_.string(), "main..base"));
  EXPECT_THAT(e.message, HasSubstr("is empty: base is an ancestor of main"));
  EXPECT_THAT(e.hint, HasSubstr(repo_.string() + ":base..main"));
}

TEST_F(RangeTest, EndOfAShallowClone) {
  for (const char* text : {"1\n", "2\n", "3\n"}) {
    write(repo_ / "a", text);
    commit(text);
  }
  const fs::path clone = path("shallow");
  git(dir_.path(),
      {"clone", "--quiet", "--depth=2", "--no-tags", "file://" + repo_.string(), clone.string()});
  git(clone, {"commit-tree", "-m", "unrelated", "HEAD^{tree}"});
  git(clone, {"tag", "apart", git(clone, {"commit-tree", "-m", "unrelated", "HEAD^{tree}"})});
  const Error e = error(base_of("base"), series(clone.string(), "apart..main"));
  EXPECT_THAT(e.message, HasSubstr("reaches the end of a shallow clone"));
  EXPECT_THAT(e.hint, HasSubstr("--unshallow"));
}

TEST_F(RangeTest, OfAUrl) {
  write(repo_ / "dos.inf", "one\r\n2\r\n");
  commit("one");
  write(repo_ / "mm/gup.c", numbered_lines(41));
  commit("two");
  const Source base = base_of("base");
  const auto s = apply_series(base, series("file://" + repo_.string(), "base..main"), ctx_);
  ASSERT_TRUE(s.has_value()) << s.error().message;
  ASSERT_EQ(s->patches.size(), 2U);
  EXPECT_EQ(s->patches[1].tree, tree("main"));
  EXPECT_THAT(error(base, series("file://" + repo_.string(), "nothing..main")).hint,
              HasSubstr("branch or tag"));
}

TEST_F(RangeTest, PartialCloneAsBaseIsCompleted) {
  git(repo_, {"config", "uploadpack.allowFilter", "true"});
  git(repo_, {"config", "uploadpack.allowAnySHA1InWant", "true"});
  const std::string url = "file://" + repo_.string();
  const fs::path clone = path("partial");
  git(dir_.path(), {"clone", "--quiet", "--no-checkout", "--filter=blob:none", url, clone.string()});
  model::KernelBase base;
  base.name = "partial";
  base.source = model::KernelBase::Git{clone.string(), "base"};
  const auto source = import_base(base, ctx_);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  EXPECT_EQ(source->version, "6.12.117");
  EXPECT_EQ(show(*source, source->commit, "dos.inf"), "one\r\ntwo\r\n");
}

TEST_F(RangeTest, PartialCloneWhoseOriginIsGone) {
  git(repo_, {"config", "uploadpack.allowFilter", "true"});
  const fs::path clone = path("partial");
  git(dir_.path(), {"clone", "--quiet", "--no-checkout", "--filter=blob:none", "file://" + repo_.string(),
                    clone.string()});
  fs::rename(repo_, path("moved"));
  model::KernelBase base;
  base.name = "partial";
  base.source = model::KernelBase::Git{clone.string(), "base"};
  const auto source = import_base(base, ctx_);
  ASSERT_TRUE(source.has_error());
  EXPECT_EQ(source.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(source.error().message, HasSubstr("is a partial clone"));
}

TEST_F(RangeTest, UncommittedChangesOfARangeAreNamedEachTime) {
  write(repo_ / "mm/gup.c", numbered_lines(41));
  commit("one");
  const Source base = base_of("base");
  EXPECT_THAT(apply(base, "base..main").notices, IsEmpty());
  write(repo_ / "mm/gup.c", "edited\n");
  const auto dirty = HasSubstr("has uncommitted changes (1 file), which are not part of base..main");
  EXPECT_THAT(apply(base, "base..main").notices, ElementsAre(dirty)) << "although the series is known";
  write(repo_ / "mm/gup.c", numbered_lines(41));
  EXPECT_THAT(apply(base, "base..main").notices, IsEmpty());
}

TEST_F(RangeTest, UncommittedChangesOfABaseAreNamed) {
  EXPECT_THAT(base_of("HEAD").notices, IsEmpty());
  write(repo_ / "mm/gup.c", "edited\n");
  EXPECT_THAT(base_of("HEAD").notices, ElementsAre(HasSubstr("has uncommitted changes (1 file)")));
}

}  // namespace
}  // namespace pinrig::git
