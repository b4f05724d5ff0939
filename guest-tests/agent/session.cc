// SPDX-License-Identifier: GPL-2.0
#include "session.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cmath>

#include "request.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

constexpr std::size_t chunk = 65536 - wire::header_size;
// A claim wakes nobody, which costs a test more than most of what it measures: claims are read with the
// output, and that often. Their pipe has room for far more (child.cc).
constexpr double claims_every_ms = 1000;

// One read; n > 0: bytes, 0: nothing now, -1: never again (the descriptor is closed then).
ssize_t read_some(UniqueFd& fd, char* to, std::size_t size) {
  if (!fd) return -1;
  const ssize_t n = read(fd.get(), to, size);
  if (n > 0) return n;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  fd.reset();
  return -1;
}

// A test that has exited, or does not read its answers, gets none.
void answer(const UniqueFd& fd, const std::string& text) {
  [[maybe_unused]] const auto n = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Session::Session(Child child, std::uint64_t output_limit, Sink sink, Processes& processes, Ports* ports)
    : child_(std::move(child)),
      budget_(output_limit),
      sink_(std::move(sink)),
      processes_(processes),
      ports_(ports) {}

void Session::watch_cases(std::function<std::int64_t()> balance) {
  balance_ = std::move(balance);
  case_pins_.note(balance_());
}

// A reading folds the counters of all CPUs: it may take a small part of the time, and no more.
void Session::look_at_pins(std::string_view output) {
  constexpr double share = 20;
  if (!balance_ || !case_pins_.feed(output)) return;
  const double start = monotonic_ms();
  if (start < next_look_ms_) return;
  case_pins_.note(balance_());
  const double end = monotonic_ms();
  next_look_ms_ = end + share * (end - start);
}

bool Session::read_output(UniqueFd& fd, wire::Kind kind) {
  buffer_.resize(wire::header_size + chunk);
  const ssize_t n = read_some(fd, buffer_.data() + wire::header_size, chunk);
  if (n <= 0) return false;
  if (kind == wire::Kind::out)
    look_at_pins(std::string_view(buffer_.data() + wire::header_size, static_cast<std::size_t>(n)));
  const std::size_t kept = budget_.take(static_cast<std::size_t>(n));
  if (kept > 0) {
    buffer_.resize(wire::header_size + kept);
    sink_(kind, buffer_);
  }
  return true;
}

bool Session::read_claims() {
  char buffer[4096];
  const ssize_t n = read_some(child_.claim, buffer, sizeof buffer);
  if (n <= 0) return false;
  claims_.feed(std::string_view(buffer, static_cast<std::size_t>(n)));
  return true;
}

// Every request gets one answer: the host's, or that the host cannot be reached.
bool Session::read_asks() {
  char buffer[1024];
  const ssize_t n = read_some(child_.host, buffer, sizeof buffer);
  if (n <= 0) return false;
  const auto asked = asks_.take(std::string_view(buffer, static_cast<std::size_t>(n)));
  if (asked.action.action == wire::HostActionKind::hold) aside_.step_aside();
  if (!asked.refusal.empty())
    answer(child_.host, asked.refusal);
  else if (!ports_ || !ports_->reply(dump(asked.action)))
    answer(child_.host, asks_.give_up("no connection to the host"));
  return true;
}

void Session::deliver_answers() {
  while (const auto done = ports_->next_answer()) {
    ports_->result(wire::Kind::json, 0, dump(*done));
    if (const auto text = asks_.answered(*done)) answer(child_.host, *text);
  }
}

bool Session::host_there(short events) {
  if (!ports_ || events == 0) return true;
  if ((events & POLLIN) != 0) {
    if (!ports_->receive()) return false;
    deliver_answers();
  }
  if ((events & POLLHUP) != 0) return false;
  return !ports_->wants_end();
}

Over Session::wait(double limit_ms) {
  const double end = monotonic_ms() + limit_ms;
  for (;;) {
    // A descriptor of -1 is skipped by poll().
    std::array<pollfd, 5> fds{{{processes_.signal_fd(), POLLIN, 0},
                               {child_.out.get(), POLLIN, 0},
                               {child_.err.get(), POLLIN, 0},
                               {child_.host.get(), POLLIN, 0},
                               {ports_ ? ports_->control_fd() : -1, POLLIN, 0}}};
    const double left = end - monotonic_ms();
    if (left <= 0) return Over::deadline;
    poll(fds.data(), fds.size(), static_cast<int>(std::ceil(std::min(left, claims_every_ms))));
    if (fds[1].revents != 0) read_output(child_.out, wire::Kind::out);
    if (fds[2].revents != 0) read_output(child_.err, wire::Kind::err);
    read_claims();
    if (fds[3].revents != 0) read_asks();
    if (fds[0].revents != 0) {
      if (const auto ended = processes_.reap(child_.pid)) {
        ended_ = *ended;
        return Over::ended;
      }
    }
    if (!host_there(fds[4].revents)) return Over::host_gone;
  }
}

void Session::drain() {
  while (read_output(child_.out, wire::Kind::out)) {
  }
  while (read_output(child_.err, wire::Kind::err)) {
  }
  while (read_claims()) {
  }
  claims_.finish();
}

}  // namespace pinrig::agent
