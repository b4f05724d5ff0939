// SPDX-License-Identifier: GPL-2.0
#include "base/cancel.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>

namespace pinrig {
namespace {

std::atomic<int> signal_fd{-1};

void on_signal(int signo) {
  static std::atomic<int> seen{0};
  if (seen.fetch_add(1) > 0) _exit(128 + signo);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(signal_fd.load(), &one, sizeof one);
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
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(s, &sa, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

Error cancelled_error() { return make_error(ErrorKind::cancelled, "interrupted"); }

}  // namespace pinrig
