// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <optional>

#include "process/launch.h"

namespace pinrig::process {

struct Child::Impl {
  Running running;
  std::optional<Ended> ended;

  const ExitStatus& finish() {
    if (!ended) ended = reap(running);
    return ended->status;
  }
};

Result<Child> Child::start(const Command& command, const fs::path& log) {
  PINRIG_TRY(in, input_fd(command.input));
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
  PINRIG_TRY(out, above_stdio(UniqueFd(::open(log.c_str(), flags, 0644)), "opening " + log.string()));
  PINRIG_TRY(running, launch_for_good(command, Stdio{in.get(), out.get(), out.get()}));
  auto impl = std::make_unique<Impl>();
  impl->running = std::move(running);
  return Child(std::move(impl));
}

Child::Child(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Child::Child(Child&&) noexcept = default;

Child& Child::operator=(Child&& o) noexcept {
  if (this != &o) {
    if (impl_) kill();
    impl_ = std::move(o.impl_);
  }
  return *this;
}

Child::~Child() {
  if (impl_) kill();
}

pid_t Child::pid() const { return impl_->running.pid; }
int Child::pidfd() const { return impl_->running.pidfd.get(); }
double Child::cpu_s() const { return impl_->ended ? impl_->ended->cpu_s : 0; }

ExitStatus Child::wait(Deadline deadline, const CancelToken& cancel) {
  while (!impl_->ended) {
    pollfd p[2] = {{pidfd(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
    const int n = ::poll(p, 2, deadline.poll_ms());
    if (n < 0 && errno != EINTR) throw Fatal("poll on a child failed");
    if (n < 0) continue;
    if (p[0].revents != 0) break;
    if (p[1].revents != 0) return Cancelled{};
    if (deadline.passed()) return TimedOut{};
  }
  return impl_->finish();
}

ExitStatus Child::kill() { return impl_->finish(); }

}  // namespace pinrig::process
