// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"
#include "git/blame.h"
#include "git/testing.h"

namespace pinrig::git {
namespace {

class CheckoutTest : public SourceTest {
 protected:
  CheckoutTest() : source_(small()) {
    model::Series series;
    series.name = "s";
    series.patches = model::Series::Mbox{PINRIG_TESTDATA "/shuffled-v3-with-cover-and-replies.mbox"};
    auto applied = apply_series(source_, series, ctx_);
    EXPECT_TRUE(applied.has_value() && applied->patches.size() == 3);
    if (applied.has_value() && !applied->patches.empty()) tip_ = applied->patches.back().commit;
  }
  /// Checks out and gives the lock back.
  fs::path go(const std::string& commit) {
    auto w = checkout(source_, commit, "slot", ctx_);
    EXPECT_TRUE(w.has_value()) << w.error().message;
    return w.has_value() ? w->path : fs::path();
  }
  std::string text(const std::string& file) const {
    auto t = read_file(ctx_.cache / "worktrees/slot" / file);
    return t.has_value() ? *t : "unreadable";
  }

  Source source_;
  std::string tip_;
};

TEST_F(CheckoutTest, SwitchingTouchesOnlyWhatDiffers) {
  const fs::path tree = go(source_.commit);
  EXPECT_EQ(text("mm/gup.c"), numbered_lines(40));
  EXPECT_EQ(fs::read_symlink(tree / "dir/link"), "../mm/gup.c");
  EXPECT_NE(fs::status(tree / "scripts/run.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
  const auto time_of = [&](const char* f) {
    return fs::last_write_time(tree / f).time_since_epoch().count();
  };
  const auto makefile = time_of("Makefile");
  const auto script = time_of("scripts/run.sh");
  const auto gup = time_of("mm/gup.c");
  go(tip_);
  EXPECT_THAT(text("mm/gup.c"), ::testing::HasSubstr("line twenty\n"));
  EXPECT_NE(time_of("mm/gup.c"), gup);
  EXPECT_EQ(time_of("Makefile"), makefile);
  EXPECT_EQ(time_of("scripts/run.sh"), script);
  go(source_.commit);
  EXPECT_EQ(text("mm/gup.c"), numbered_lines(40));
  EXPECT_EQ(time_of("Makefile"), makefile);
}

TEST_F(CheckoutTest, ChangesByHandAndStrayFilesAreUndone) {
  const fs::path tree = go(source_.commit);
  write(tree / "mm/gup.c", "edited\n");
  write(tree / "stray/file.o", "x");
  fs::remove(tree / "Makefile");
  go(source_.commit);
  EXPECT_EQ(text("mm/gup.c"), numbered_lines(40));
  EXPECT_FALSE(fs::exists(tree / "stray"));
  EXPECT_TRUE(fs::exists(tree / "Makefile"));
}

TEST_F(CheckoutTest, StaleIndexLockOfAKilledRun) {
  go(source_.commit);
  write(source_.repo / "worktrees/slot/index.lock", "");
  go(tip_);
  EXPECT_THAT(text("mm/swap.c"), ::testing::HasSubstr("line ten\n"));
}

TEST_F(CheckoutTest, BrokenWorktreesAreMadeAnew) {
  const fs::path tree = go(source_.commit);
  write(source_.repo / "worktrees/slot/index", "garbage");
  go(tip_);
  EXPECT_THAT(text("mm/swap.c"), ::testing::HasSubstr("line ten\n"));
  fs::remove_all(source_.repo / "worktrees/slot");
  go(tip_);
  EXPECT_THAT(text("mm/swap.c"), ::testing::HasSubstr("line ten\n"));
  fs::remove_all(tree);
  go(tip_);
  EXPECT_THAT(text("mm/swap.c"), ::testing::HasSubstr("line ten\n"));
  fs::remove(tree / ".git");
  go(source_.commit);
  EXPECT_EQ(text("mm/swap.c"), numbered_lines(40));
}

TEST_F(CheckoutTest, SlotOfAnotherSource) {
  go(source_.commit);
  auto files = kernel_files();
  files["top-6.12/Makefile"].content = "VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 1\n";
  write_tarball(path("other.tar"), files);
  const auto other = import_base(tarball_base(path("other.tar")), ctx_);
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(checkout(*other, other->commit, "slot", ctx_).has_value());
  EXPECT_EQ(text("Makefile"), files["top-6.12/Makefile"].content);
}

TEST_F(CheckoutTest, TheSlotIsLockedWhileTheWorktreeLives) {
  const auto w = checkout(source_, source_.commit, "slot", ctx_);
  ASSERT_TRUE(w.has_value());
  const auto taken = FileLock::try_acquire(ctx_.cache / "worktrees/slot.lock");
  ASSERT_TRUE(taken.has_value());
  EXPECT_FALSE(static_cast<bool>(*taken));
  cancel_.request();
  EXPECT_EQ(checkout(source_, source_.commit, "slot", ctx_).error().kind, ErrorKind::cancelled);
}

TEST_F(CheckoutTest, AnotherPlaceInsteadOfWaiting) {
  ctx_.patience_s = 0;
  std::vector<std::string> told;
  ctx_.progress = [&](const Progress& p) { told.push_back(p.what); };
  const auto first = checkout(source_, source_.commit, "slot", ctx_);
  const auto second = checkout(source_, tip_, "slot", ctx_);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->path, ctx_.cache / "worktrees/slot");
  EXPECT_EQ(second->path, ctx_.cache / "slots/2/worktrees/slot");
  EXPECT_THAT(told, ::testing::Contains("waiting for another task of this run"));
  // From any of a place's build directories the source is at the same relative path: ccache's hits depend on
  // it.
  EXPECT_EQ(first->path.lexically_relative(first->root / "build" / "x"),
            second->path.lexically_relative(second->root / "build" / "x"));
  const auto gup = read_file(second->path / "mm/gup.c");
  EXPECT_THAT(*gup, ::testing::HasSubstr("line twenty\n"));
  EXPECT_EQ(text("mm/gup.c"), numbered_lines(40));
}

TEST_F(CheckoutTest, WithEveryPlaceTakenItWaitsAndSaysForWhom) {
  ctx_.patience_s = 0;
  std::vector<Worktree> taken;
  for (int i = 0; i < 3; ++i)
    taken.push_back(std::move(checkout(source_, source_.commit, "slot", ctx_)).value());
  int told = 0;
  ctx_.progress = [&](const Progress& p) {
    if (p.what.starts_with("waiting for ") && ++told == 2) taken.erase(taken.begin());
  };
  const auto last = checkout(source_, source_.commit, "slot", ctx_);
  ASSERT_TRUE(last.has_value()) << last.error().message;
  EXPECT_EQ(last->path, ctx_.cache / "worktrees/slot");
}

// What a CI does with a cache: cp -a to somewhere and back. Inodes and ctimes differ, times and sizes do not.
TEST_F(CheckoutTest, ACopiedCacheIsUsedAsItIs) {
  const fs::path tree = go(source_.commit);
  const auto before = fs::last_write_time(tree / "Makefile");
  process::Command copy;
  copy.argv = {"cp", "-a", ctx_.cache.string(), path("copy").string()};
  ASSERT_TRUE(process::run_ok(copy, cancel_).has_value());
  fs::remove_all(ctx_.cache);
  fs::rename(path("copy"), ctx_.cache);
  go(tip_);
  EXPECT_THAT(text("mm/gup.c"), ::testing::HasSubstr("line twenty\n"));
  EXPECT_EQ(fs::last_write_time(tree / "Makefile"), before);
}

TEST_F(CheckoutTest, ARememberedSeriesWhoseCommitsAreGoneIsAppliedAgain) {
  model::Series series;
  series.name = "s";
  series.patches = model::Series::Mbox{PINRIG_TESTDATA "/shuffled-v3-with-cover-and-replies.mbox"};
  const auto refs = git(source_.repo, {"for-each-ref", "--format=%(refname)", "refs/pinrig/series"});
  for (const auto& ref : lines(refs)) git(source_.repo, {"update-ref", "-d", std::string(ref)});
  git(source_.repo, {"-c", "gc.auto=0", "prune", "--expire=now"});
  const auto again = apply_series(source_, series, ctx_);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_EQ(again->patches.size(), 3u);
  EXPECT_EQ(again->patches.back().commit, tip_);
  go(tip_);
  EXPECT_THAT(text("mm/gup.c"), ::testing::HasSubstr("line twenty\n"));
}

TEST_F(CheckoutTest, CancelledAndWrongCalls) {
  EXPECT_EQ(checkout(source_, std::string(40, '1'), "slot", ctx_).error().kind, ErrorKind::infra);
  EXPECT_EQ(checkout(source_, source_.commit, "../slot", ctx_).error().kind, ErrorKind::infra);
  cancel_.request();
  EXPECT_EQ(checkout(source_, source_.commit, "slot", ctx_).error().kind, ErrorKind::cancelled);
}

TEST_F(CheckoutTest, BlameNamesTheCommitOfEachChangedLine) {
  const auto text = blame(source_, source_.commit, tip_, "mm/gup.c", ctx_);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  ASSERT_TRUE(text->has_value());
  EXPECT_THAT(**text, ::testing::HasSubstr("\tline twenty\n"));
  EXPECT_THAT(**text, ::testing::HasSubstr("\nboundary\n"));
  const auto gone = blame(source_, source_.commit, tip_, "mm/none.c", ctx_);
  ASSERT_TRUE(gone.has_value()) << gone.error().message;
  EXPECT_FALSE(gone->has_value());
}

}  // namespace
}  // namespace pinrig::git
