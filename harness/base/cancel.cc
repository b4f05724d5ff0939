// SPDX-License-Identifier: GPL-2.0
#include "base/cancel.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <termios.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <utility>

namespace pinrig {
namespace {

std::atomic<int> signal_fd{-1};
std::atomic<std::int64_t> first_interrupt{-1};  ///< CLOCK_MONOTONIC, ms

/// What stdin's terminal was like at the start: a guest's console in raw mode must not be left so.
termios terminal;
bool has_terminal = false;

std::int64_t now_ms() {
  timespec t = {};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1000000;
}

/// Async-signal-safe. From the background it would only stop us (SIGTTOU).
void restore_terminal() {
  if (has_terminal && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) ::tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
}

void on_signal(int signo) {
  const int saved = errno;
  const std::int64_t now = now_ms();
  const std::int64_t first = first_interrupt.load();
  if (ends_at_once(signo, first < 0 ? -1 : now - first)) {
    restore_terminal();
    _exit(128 + signo);
  }
  if (signo == SIGINT && first < 0) first_interrupt = now;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(signal_fd.load(), &one, sizeof one);
  errno = saved;
}

}  // namespace

CancelToken::CancelToken() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) throw Fatal("eventfd: no file descriptors left");
}

bool CancelToken::requested() const {
  pollfd p{fd_.get(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

void CancelToken::request() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(fd_.get(), &one, sizeof one);
}

void cancel_on_signals(const CancelToken& token) {
  signal_fd = token.fd();
  struct sigaction sa = {};
  sa.sa_handler = on_signal;
  sigemptyset(&sa.sa_mask);
  has_terminal = ::tcgetattr(STDIN_FILENO, &terminal) == 0;
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before = {};
    ::sigaction(s, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(s, &sa, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
}

void open_standard_descriptors() {
  // The wrong direction for stdin and stdout, as gnulib's stdopen() does: their use fails as if they were
  // closed.
  for (const auto& [fd, flags] :
       {std::pair{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    const int got = ::open("/dev/null", flags);  // the lowest free one, which is this one
    if (got > STDERR_FILENO) ::close(got);
  }
}

Error cancelled_error() { return make_error(ErrorKind::cancelled, "interrupted"); }

}  // namespace pinrig
