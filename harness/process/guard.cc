// SPDX-License-Identifier: GPL-2.0
#include "process/guard.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace pinrig::process {
namespace {

/// More groups at once than any run has; what does not fit is only not guarded.
constexpr std::size_t max_groups = 1024;

// Only async-signal-safe calls may use these in a child.
std::atomic<int> our_end{-1};
std::atomic<pid_t> owner{-1};

/// One packet: the group, or its negative when it is over. A guard that was killed must not cause a SIGPIPE.
void tell(pid_t message) {
  const int fd = our_end.load();
  if (fd < 0) return;
  while (::send(fd, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

/// Nothing of pinrig but the socket: its other descriptors would keep locks held and outputs open.
/// /proc/PID/environ shows the strings that the kernel laid out, and whoever looks for what pinrig left
/// behind finds programs by them.
void shed(int fd) {
  ::setsid();
  ::prctl(PR_SET_NAME, "pinrig-guard");
  for (char** e = ::environ; e != nullptr && *e != nullptr; ++e) std::memset(*e, 0, std::strlen(*e));
  ::dup2(fd, 0);
  ::syscall(SYS_close_range, 1U, ~0U, 0U);
  static_cast<void>(!::chdir("/"));  // no disk stays busy because of it
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);  // Ctrl-C is for pinrig: the guard ends after it
}

[[noreturn]] void stand_guard() {
  static std::array<pid_t, max_groups> groups;
  std::size_t count = 0;
  for (;;) {
    pid_t message = 0;
    const auto n = ::recv(0, &message, sizeof message, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n != sizeof message) break;
    const auto end = groups.begin() + static_cast<std::ptrdiff_t>(count);
    if (message > 0 && count < max_groups) {
      groups[count++] = message;
    } else if (const auto at = std::find(groups.begin(), end, -message); at != end) {
      *at = groups[--count];
    }
  }
  // A group with a member keeps its ID, so that this hits no other group.
  for (std::size_t i = 0; i < count; ++i) ::kill(-groups[i], SIGKILL);
  ::_exit(0);
}

/// The guard is reparented: pinrig waits for its children by their IDs, and no zombie may remain.
bool fork_guard(int its_end) {
  const pid_t between = ::fork();
  if (between < 0) return false;
  if (between == 0) {
    shed(its_end);  // here, so that pinrig goes on when it is done
    const pid_t guard = ::fork();
    if (guard == 0) stand_guard();
    ::_exit(guard < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

void Guard::ensure() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (owner.load() == ::getpid()) return;
  if (const int inherited = our_end.exchange(-1); inherited >= 0) ::close(inherited);  // a fork of a pinrig
  owner = ::getpid();
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return;
  // Above 0..2, which a child gives away.
  const int end = ::fcntl(fds[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::close(fds[1]);
  const bool stands = end >= 0 && fork_guard(fds[0]);
  ::close(fds[0]);
  if (stands) {
    our_end = end;
  } else if (end >= 0) {
    ::close(end);
  }
}

void Guard::announce_self() { tell(::getpid()); }

void Guard::forget(pid_t group) { tell(-group); }

}  // namespace pinrig::process
