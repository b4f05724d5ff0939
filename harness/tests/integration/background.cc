// SPDX-License-Identifier: GPL-2.0
#include "background.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/deadline.h"

namespace pinrig::integration {

Fifo::Fifo(fs::path path) : path_(std::move(path)) {
  EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0) << path_;
  // Open for writing too: there is no end of file when a writer comes and goes.
  fd_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  EXPECT_TRUE(fd_) << path_;
}

void Fifo::take() {
  std::array<char, 65536> buf;
  for (;;) {
    const auto n = ::read(fd_.get(), buf.data(), buf.size());
    if (n <= 0) return;
    heard_.append(buf.data(), static_cast<std::size_t>(n));
  }
}

bool Fifo::wait_for(const std::string& text, double seconds, int pidfd) {
  const Deadline deadline = Deadline::after(Seconds(seconds));
  for (;;) {
    take();
    if (heard_.find(text) != std::string::npos) return true;
    std::array<pollfd, 2> p{{{fd_.get(), POLLIN, 0}, {pidfd, POLLIN, 0}}};
    if (::poll(p.data(), p.size(), deadline.poll_ms()) < 0) continue;
    if (p[1].revents != 0 || deadline.passed()) {
      take();
      return heard_.find(text) != std::string::npos;
    }
  }
}

bool Fifo::wait_for_end(int pidfd, double seconds) {
  const Deadline deadline = Deadline::after(Seconds(seconds));
  for (;;) {
    take();
    std::array<pollfd, 2> p{{{fd_.get(), POLLIN, 0}, {pidfd, POLLIN, 0}}};
    if (::poll(p.data(), p.size(), deadline.poll_ms()) < 0) continue;
    if (p[1].revents != 0 || deadline.passed()) {
      take();
      return p[1].revents != 0;
    }
  }
}

Background::Background(const Sandbox& box, std::vector<std::string> args)
    : fifo_(std::make_unique<Fifo>(std::move(TempDir::create(box.root(), "said-")).value().keep() / "fifo")) {
  auto child = process::Child::start(box.command(std::move(args)), fifo_->path());
  if (child.has_error()) throw Fatal(child.error().message);
  child_ = std::make_unique<process::Child>(std::move(*child));
}

void Background::signal(int signo) const { ::kill(child_->pid(), signo); }

std::string Background::end(double seconds) {
  if (!fifo_->wait_for_end(child_->pidfd(), seconds)) return "still runs";
  const CancelToken never;
  return process::to_string(child_->wait(Deadline::never(), never));
}

Watched::Watched(pid_t pid) : pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

bool Watched::gone_within(double seconds) const {
  if (!pidfd_) return true;
  const Deadline deadline = Deadline::after(Seconds(seconds));
  pollfd p{pidfd_.get(), POLLIN, 0};
  while (::poll(&p, 1, deadline.poll_ms()) < 0) {
  }
  return p.revents != 0;
}

}  // namespace pinrig::integration
