// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <mutex>

#include "base/file.h"
#include "base/text.h"

namespace pinrig {
namespace {

std::mutex purpose_mutex;
std::string& purpose() {
  static std::string text = "pinrig";
  return text;
}

std::string host_name() {
  utsname host = {};
  ::uname(&host);
  return host.nodename;
}

Result<UniqueFd> open_lock(const fs::path& path) {
  PINRIG_CHECK(make_dirs(path.parent_path()));
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return errno_error("opening lock " + path.string(), errno);
  return fd;
}

/// For those who wait. A full disk keeps the words away, not the lock.
void sign(int fd) {
  const std::lock_guard lock(purpose_mutex);
  const std::string text = fmt::format("pid {}\nhost {}\nsince {}\ndoing {}\n", ::getpid(), host_name(),
                                       std::time(nullptr), purpose());
  if (::ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const auto n = ::pwrite(fd, text.data(), text.size(), 0);
}

Error lock_error(const fs::path& path, int error) {
  Error e = errno_error("locking " + path.string(), error);
  if (error == ENOLCK || error == EOPNOTSUPP)
    e.hint = "the file system does not support locks; put PINRIG_CACHE and PINRIG_STATE on one that does";
  return e;
}

/// A process that waits for the lock in our place: flock(2) cannot be polled. It shares the open file
/// description, so the lock it takes is ours; its end closes a pipe, and that can be waited for together with
/// the cancellation. Its exit status is the errno of flock(2), 0 when it has the lock.
class Waiter {
 public:
  static Result<Waiter> start(int lock_fd) {
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return errno_error("pipe", errno);
    Waiter w;
    w.done_.reset(pipe_fds[0]);
    const UniqueFd child_end(pipe_fds[1]);
    const pid_t parent = ::getpid();
    w.pid_ = ::fork();
    if (w.pid_ < 0) return errno_error("fork", errno);
    if (w.pid_ == 0) wait_in_child(lock_fd, child_end.get(), parent);
    return w;
  }
  Waiter(Waiter&& o) noexcept : done_(std::move(o.done_)), pid_(std::exchange(o.pid_, -1)) {}
  Waiter& operator=(Waiter&&) = delete;
  ~Waiter() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    end();
  }

  int fd() const { return done_.get(); }
  /// Its wait status, once fd() hung up.
  int end() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  Waiter() = default;

  [[noreturn]] static void wait_in_child(int lock_fd, int child_end, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(ECANCELED);
    // Copies of other threads' locks and pipes would keep those held and open for as long as we wait.
    const auto [low, high] = std::minmax({static_cast<unsigned>(lock_fd), static_cast<unsigned>(child_end)});
    if (low > 0) ::close_range(0, low - 1, 0);
    if (high > low + 1) ::close_range(low + 1, high - 1, 0);
    ::close_range(high + 1, ~0U, 0);
    while (::flock(lock_fd, LOCK_EX) != 0) {
      if (errno != EINTR) ::_exit(errno);
    }
    ::_exit(0);
  }

  UniqueFd done_;
  pid_t pid_ = -1;
};

enum class Ended { released, cancelled, deadline };

/// The one wait point. Wakes once a second to report the holder.
Ended await(const fs::path& path, int done_fd, const LockOptions& options) {
  const auto start = Clock::now();
  for (;;) {
    const Deadline wake = options.on_wait ? Deadline::after(Seconds(1)) : Deadline::never();
    pollfd p[2] = {{done_fd, POLLIN, 0}, {options.cancel_fd, POLLIN, 0}};
    const int n = ::poll(p, 2, Deadline::earlier(wake, options.deadline).poll_ms());
    if (n < 0) continue;
    if (p[0].revents != 0) return Ended::released;
    if (p[1].revents != 0) return Ended::cancelled;
    if (options.deadline.passed()) return Ended::deadline;
    if (options.on_wait) options.on_wait({path, lock_holder(path), since(start).count()});
  }
}

}  // namespace

void describe_this_process(const std::string& doing) {
  const std::lock_guard lock(purpose_mutex);
  purpose() = doing.substr(0, doing.find('\n'));
}

std::string to_string(const LockHolder& holder) {
  if (holder.pid == 0) return "another pinrig";
  const bool here = holder.host == host_name();
  if (here && holder.pid == ::getpid()) return "another task of this run";
  return fmt::format("PID {} ({}){}", holder.pid, holder.doing, here ? "" : " on " + holder.host);
}

std::string to_string(const LockWait& wait) { return "waiting for " + to_string(wait.holder); }

LockHolder lock_holder(const fs::path& path) {
  LockHolder holder;
  const auto text = read_file(path);
  if (text.has_error()) return holder;
  const auto number = [](std::string_view word, auto& out) {
    std::from_chars(word.data(), word.data() + word.size(), out);
  };
  for (const auto line : lines(*text)) {
    const auto value = line.substr(std::min(line.size(), line.find(' ') + 1));
    if (line.starts_with("pid ")) number(value, holder.pid);
    if (line.starts_with("since ")) number(value, holder.since);
    if (line.starts_with("host ")) holder.host = value;
    if (line.starts_with("doing ")) holder.doing = value;
  }
  return holder;
}

Result<FileLock> FileLock::try_acquire(const fs::path& path) {
  PINRIG_TRY(fd, open_lock(path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    sign(fd.get());
    return FileLock(std::move(fd));
  }
  if (errno == EWOULDBLOCK) return FileLock(UniqueFd());
  return lock_error(path, errno);
}

Result<FileLock> FileLock::acquire(const fs::path& path, const LockOptions& options) {
  PINRIG_TRY(lock, try_acquire(path));
  if (lock) return lock;
  if (options.on_wait) options.on_wait({path, lock_holder(path), 0});
  PINRIG_TRY(fd, open_lock(path));
  PINRIG_TRY(waiter, Waiter::start(fd.get()));
  const Ended ended = await(path, waiter.fd(), options);
  if (ended == Ended::deadline) return FileLock(UniqueFd());
  if (ended == Ended::cancelled)
    return make_error(ErrorKind::cancelled, "interrupted while waiting for the lock " + path.string());
  const int status = waiter.end();
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) return lock_error(path, WEXITSTATUS(status));
  if (WIFSIGNALED(status))
    return make_error(ErrorKind::infra,
                      fmt::format("locking {}: the process that waited for it was killed by signal {}",
                                  path.string(), WTERMSIG(status)),
                      "out of memory? look for the OOM killer in the kernel log");
  // The lock of the child must be ours as well; a second flock(2) on the same description then succeeds at
  // once.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return lock_error(path, errno);
  sign(fd.get());
  return FileLock(std::move(fd));
}

}  // namespace pinrig
