// SPDX-License-Identifier: GPL-2.0
#include "git/test_source.h"

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

TEST_F(CheckoutTest, CancelledAndWrongCalls) {
  EXPECT_EQ(checkout(source_, std::string(40, '1'), "slot", ctx_).error().kind, ErrorKind::infra);
  EXPECT_EQ(checkout(source_, source_.commit, "../slot", ctx_).error().kind, ErrorKind::infra);
  cancel_.request();
  EXPECT_EQ(checkout(source_, source_.commit, "slot", ctx_).error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace pinrig::git
