// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdlib>
#include <future>
#include <thread>

#include "base/cancel.h"
#include "base/file.h"
#include "base/text.h"

namespace pinrig {
namespace {

TempDir temp() { return TempDir::create(fs::temp_directory_path(), "pinrig-base-").value(); }

bool have_children_file() { return fs::exists("/proc/thread-self/children"); }

/// The process that waits in place of thread `tid` of process `pid`, once it is there.
pid_t waiter_of(pid_t pid, pid_t tid) {
  const fs::path children = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/children";
  for (;;) {
    const auto text = read_file(children);
    if (text.has_value() && !text->empty()) return std::atoi(text->c_str());
    std::this_thread::yield();
  }
}

TEST(FileLockTest, SecondTakerSeesItHeldUntilRelease) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  {
    const auto first = FileLock::acquire(f, {});
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
    const auto held = FileLock::acquire(f, {});
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
  auto held = FileLock::acquire(dir.path() / "a", {});
  auto other = FileLock::acquire(dir.path() / "b", {});
  ASSERT_TRUE(held.has_value() && other.has_value());
  const CancelToken token;
  std::promise<pid_t> started;
  std::thread waiter([&] {
    started.set_value(::gettid());
    (void)FileLock::acquire(dir.path() / "b", {.cancel_fd = token.fd()});
  });
  // The fork is there when the thread has a child.
  const fs::path children = "/proc/self/task/" + std::to_string(started.get_future().get()) + "/children";
  while (read_file(children).value().empty()) std::this_thread::yield();
  held = make_error(ErrorKind::infra, "dropped");
  const CancelToken never;
  EXPECT_TRUE(FileLock::acquire(dir.path() / "a", {.cancel_fd = never.fd()}).has_value());
  token.request();
  waiter.join();
}

TEST(FileLockTest, CancellationEndsTheWait) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  const auto held = FileLock::acquire(f, {});
  ASSERT_TRUE(held.has_value());
  const CancelToken token;
  token.request();
  const auto second = FileLock::acquire(f, {.cancel_fd = token.fd()});
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().kind, ErrorKind::cancelled);
}

// An OOM killer that takes the process which waits in our place must not make its lock ours.
TEST(FileLockTest, AWaiterThatWasKilledHoldsNothing) {
  if (!have_children_file()) GTEST_SKIP() << "a kernel without CONFIG_PROC_CHILDREN";
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  const auto held = FileLock::acquire(f, {});
  std::promise<pid_t> tid;
  std::promise<Result<FileLock>> got;
  std::thread waiter([&] {
    tid.set_value(::gettid());
    got.set_value(FileLock::acquire(f, {}));
  });
  ::kill(waiter_of(::getpid(), tid.get_future().get()), SIGKILL);
  const auto second = got.get_future().get();
  waiter.join();
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().kind, ErrorKind::infra);
}

/// From here on flock(fd, LOCK_EX), the one that blocks, fails with `error` in this process and its children.
void refuse_blocking_locks(int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_flock, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LOCK_EX, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), code};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(100);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(101);
}

// As NFS and Lustre do without a lock daemon.
TEST(FileLockTest, AFileSystemWithoutLocksIsAnError) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  const auto held = FileLock::acquire(f, {});
  const pid_t pid = ::fork();
  if (pid == 0) {
    refuse_blocking_locks(ENOLCK);
    const auto second = FileLock::acquire(f, {});
    ::_exit(second.has_error() && second.error().message.find("No locks available") != std::string::npos ? 0
                                                                                                         : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) >= 100) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// It would take the lock when it is free, although nobody is there any more who wanted it.
TEST(FileLockTest, TheWaiterDiesWithItsPinrig) {
  if (!have_children_file()) GTEST_SKIP() << "a kernel without CONFIG_PROC_CHILDREN";
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  const auto held = FileLock::acquire(f, {});
  const pid_t pinrig = ::fork();
  if (pinrig == 0) {
    static_cast<void>(FileLock::acquire(f, {}));
    ::_exit(0);
  }
  const pid_t waiter = waiter_of(pinrig, pinrig);
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, waiter, 0)));
  ASSERT_TRUE(pidfd);
  ::kill(pinrig, SIGKILL);
  ::waitpid(pinrig, nullptr, 0);
  pollfd p{pidfd.get(), POLLIN, 0};
  const int ended = ::poll(&p, 1, 20000);
  if (ended != 1) ::kill(waiter, SIGKILL);
  EXPECT_EQ(ended, 1);
}

TEST(FileLockTest, TheHolderIsKnownByName) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  EXPECT_EQ(to_string(lock_holder(f)), "another pinrig");
  describe_this_process("run full");
  const auto held = FileLock::acquire(f, {});
  const LockHolder holder = lock_holder(f);
  EXPECT_EQ(holder.pid, ::getpid());
  EXPECT_EQ(holder.doing, "run full");
  EXPECT_GT(holder.since, 0);
  EXPECT_EQ(to_string(holder), "another task of this run");
  LockHolder other = holder;
  other.pid = 4711;
  EXPECT_EQ(to_string(LockWait{f, other, 1}), "waiting for PID 4711 (run full)");
  other.host = "elsewhere";
  EXPECT_EQ(to_string(other), "PID 4711 (run full) on elsewhere");
}

TEST(FileLockTest, AWaitIsToldAtOnceAndEndsAtItsDeadline) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "lock";
  const auto held = FileLock::acquire(f, {});
  std::vector<std::string> told;
  const auto second =
      FileLock::acquire(f, {.deadline = Deadline::after(Seconds(0)),
                            .on_wait = [&](const LockWait& w) { told.push_back(to_string(w)); }});
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(static_cast<bool>(*second));
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), "waiting for another task of this run");
}

}  // namespace
}  // namespace pinrig
