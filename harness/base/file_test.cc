// SPDX-License-Identifier: GPL-2.0
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <future>
#include <thread>

#include "base/cancel.h"
#include "base/hash.h"

namespace pinrig {
namespace {

TempDir temp() { return TempDir::create(fs::temp_directory_path(), "pinrig-base-").value(); }

TEST(File, AtomicWriteReplacesWholeAndLeavesNoTemporary) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "a";
  ASSERT_TRUE(write_file_atomic(f, "one").has_value());
  ASSERT_TRUE(write_file_atomic(f, "two").has_value());
  EXPECT_EQ(read_file(f).value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST(File, AFullDiskIsToldApart) {
  EXPECT_EQ(errno_error("writing x", ENOSPC).kind, ErrorKind::disk_full);
  EXPECT_FALSE(errno_error("writing x", ENOSPC).hint.empty());
  EXPECT_EQ(errno_error("writing x", EIO).kind, ErrorKind::infra);
}

TEST(File, ReadNamesTheMissingFile) {
  const auto r = read_file("/nonexistent/file.yaml");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_NE(r.error().message.find("/nonexistent/file.yaml"), std::string::npos);
}

TEST(TempDirTest, RemovedUnlessKept) {
  fs::path gone;
  fs::path kept;
  {
    TempDir a = temp();
    TempDir b = temp();
    gone = a.path();
    kept = b.keep();
  }
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(kept));
  fs::remove_all(kept);
}

TEST(FileLockTest, SecondTakerSeesItHeldUntilRelease) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  {
    const auto first = FileLock::acquire(f, -1, nullptr);
    ASSERT_TRUE(first.has_value());
    EXPECT_FALSE(static_cast<bool>(FileLock::try_acquire(f).value()));
  }
  EXPECT_TRUE(static_cast<bool>(FileLock::try_acquire(f).value()));
}

TEST(FileLockTest, AKilledHolderLeavesNoStaleLock) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const auto held = FileLock::acquire(f, -1, nullptr);
    [[maybe_unused]] const auto n = write(ready[1], "x", 1);
    pause();
    _exit(held.has_value() ? 0 : 1);
  }
  char c;
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  EXPECT_FALSE(static_cast<bool>(FileLock::try_acquire(f).value()));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_TRUE(static_cast<bool>(FileLock::try_acquire(f).value()));
  close(ready[0]);
  close(ready[1]);
}

// The process that waits in our place is a fork: what it inherits must not keep other locks of ours held.
TEST(FileLockTest, WaitingForOneLockDoesNotHoldAnother) {
  if (!fs::exists("/proc/thread-self/children")) GTEST_SKIP() << "a kernel without CONFIG_PROC_CHILDREN";
  const TempDir dir = temp();
  auto held = FileLock::acquire(dir.path() / "a", -1, nullptr);
  auto other = FileLock::acquire(dir.path() / "b", -1, nullptr);
  ASSERT_TRUE(held.has_value() && other.has_value());
  const CancelToken token;
  std::promise<pid_t> started;
  std::thread waiter([&] {
    started.set_value(::gettid());
    (void)FileLock::acquire(dir.path() / "b", token.fd(), nullptr);
  });
  // The fork is there when the thread has a child.
  const fs::path children = "/proc/self/task/" + std::to_string(started.get_future().get()) + "/children";
  while (read_file(children).value().empty()) std::this_thread::yield();
  held = make_error(ErrorKind::infra, "dropped");
  const CancelToken never;
  EXPECT_TRUE(FileLock::acquire(dir.path() / "a", never.fd(), nullptr).has_value());
  token.request();
  waiter.join();
}

TEST(FileLockTest, CancellationEndsTheWait) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  const auto held = FileLock::acquire(f, -1, nullptr);
  ASSERT_TRUE(held.has_value());
  const CancelToken token;
  token.request();
  const auto second = FileLock::acquire(f, token.fd(), nullptr);
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().kind, ErrorKind::cancelled);
}

TEST(Hash, KnownAnswerAndFieldsDoNotRunTogether) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(Sha256().field("ab").field("c").hex(), Sha256().field("a").field("bc").hex());
}

TEST(File, ASparseCopyHasTheDataAndTheHoles) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "file-test-");
  ASSERT_TRUE(dir.has_value());
  const fs::path from = dir->path() / "from";
  const fs::path to = dir->path() / "to";
  constexpr std::uintmax_t size = 64 << 20;
  ASSERT_TRUE(write_file_atomic(from, "head").has_value());
  fs::resize_file(from, size / 2);
  std::ofstream(from, std::ios::app) << "middle";
  fs::resize_file(from, size);
  ASSERT_TRUE(write_file_atomic(to, std::string(100, 'x')).has_value());
  ASSERT_TRUE(copy_sparse(from, to).has_value());
  EXPECT_EQ(read_file(from).value(), read_file(to).value());
  struct stat copy {};
  ASSERT_EQ(::stat(to.c_str(), &copy), 0);
  EXPECT_LT(copy.st_blocks * 512, 1 << 20);
  EXPECT_TRUE(copy_sparse(dir->path() / "none", to).has_error());
}

}  // namespace
}  // namespace pinrig
