// SPDX-License-Identifier: GPL-2.0
#include "vm/guest_impl.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "vm/confine.h"
#include "vm/room.h"
#include "wire/frame.h"

namespace pinrig::vm {
namespace {

using process::Exited;

/// How often the sizes of console and results are looked at: nothing wakes us when QEMU writes to a file.
constexpr Seconds look_every{0.25};
/// How long QEMU may take to obey `quit`; its process is killed after that.
constexpr Seconds quit_limit{2};

}  // namespace

Error qemu_start_error(Error error, model::Arch arch) {
  if (error.kind == ErrorKind::missing_tool) error.hint = "apt install " + qemu_package(arch);
  return error;
}

Guest::Impl::Impl(const model::JobSpec& job_, const GuestFiles& files_, const CancelToken& cancel_,
                  JobFiles prepared_, Channel control_, Channel qmp_, std::optional<Holds> holds_)
    : job(job_),
      files(files_),
      cancel(&cancel_),
      prepared(std::move(prepared_)),
      control(std::move(control_)),
      qmp_channel(std::move(qmp_)),
      holds(std::move(holds_)) {}

Result<std::unique_ptr<Guest::Impl>> Guest::Impl::spawn(const model::JobSpec& job, const GuestFiles& files,
                                                        const std::map<std::string, fs::path>& drive_files,
                                                        const CancelToken& cancel) {
  if (cancel.requested()) return cancelled_error();
  PINRIG_CHECK(check_room(files.dir));
  PINRIG_TRY(prepared, JobFiles::prepare(job, files, drive_files));
  PINRIG_TRY(control, Channel::listen_at(prepared.paths().control_socket));
  PINRIG_TRY(qmp_channel, Channel::listen_at(prepared.paths().qmp_socket));
  std::optional<Holds> holds;
  if (job.machine.cpus >= 3) {
    PINRIG_TRY(gdb, Channel::listen_at(prepared.paths().gdb_socket));
    holds.emplace(job, std::move(gdb), cancel);
  }
  process::Command command;
  command.argv = without_privileges(qemu_args(job, prepared.paths(), QemuMode::normal));
  PINRIG_CHECK(write_file_atomic(files.dir / "qemu.args", shell_line(command.argv) + "\n"));
  auto impl = std::make_unique<Impl>(job, files, cancel, std::move(prepared), std::move(control),
                                     std::move(qmp_channel), std::move(holds));
  impl->boot_deadline = Deadline::after(Seconds(job.timeouts.scaled(job.timeouts.boot_s)));
  auto child = process::Child::start(command, files.dir / "qemu.log");
  if (child.has_error()) return qemu_start_error(child.error(), job.arch);
  impl->child.emplace(std::move(child).value());
  confine(impl->child->pid(), job.machine, files.caps, !job.dump.when.empty());
  return impl;
}

Result<void> Guest::Impl::await_qemu() {
  while (!qmp.ready() && qmp.problem().empty()) {
    PINRIG_TRY(wake, wait(boot_deadline));
    if (wake == Wake::cancelled) return cancelled_error();
    if (wake == Wake::deadline)
      return make_error(ErrorKind::infra, "QEMU does not respond on its QMP socket" + log_tail(),
                        "its command line is in " + (files.dir / "qemu.args").string());
    if (wake != Wake::exited) continue;
    if (end) return {};
    // A kernel that dies in its first milliseconds ends QEMU before it could answer; that is the guest's end.
    // So is a crash of QEMU: it had begun to run.
    const bool crashed = std::holds_alternative<process::Signaled>(*status);
    if (crashed || (process::succeeded(*status) && !qmp.shutdown_reason().empty())) {
      ended(GuestEnd::Kind::qemu_exited, exit_text());
      return {};
    }
    return make_error(ErrorKind::infra, "QEMU failed to start: " + exit_text(),
                      "its command line is in " + (files.dir / "qemu.args").string());
  }
  if (!qmp.problem().empty()) return make_error(ErrorKind::infra, "QEMU: " + qmp.problem() + log_tail());
  if (job.accel == model::Accel::kvm && !qmp.kvm())
    return make_error(ErrorKind::infra, "KVM was requested, but QEMU runs without it" + log_tail(),
                      "`pinrig doctor` reports what is wrong with /dev/kvm");
  return {};
}

void Guest::Impl::send(const std::string& json) { control.send(wire::encode(wire::Kind::json, 0, json)); }

void Guest::Impl::ended(GuestEnd::Kind kind, std::string detail) {
  if (end) return;
  end = GuestEnd{kind, std::move(detail)};
  end->reset = qmp.died();
  end->panic_event = qmp.panicked();
  if (kind != GuestEnd::Kind::qemu_exited || !status) return;
  if (const auto* killed = std::get_if<process::Signaled>(&*status)) end->signal = killed->signo;
}

void Guest::Impl::note_full_disk() {
  if (end && (end->kind == GuestEnd::Kind::cancelled || end->kind == GuestEnd::Kind::disk_full)) return;
  const bool well =
      !end || end->kind == GuestEnd::Kind::powered_off || end->kind == GuestEnd::Kind::restarted;
  if (std::string why = full_disk(files.dir, !well, started); !why.empty())
    end = GuestEnd{GuestEnd::Kind::disk_full, std::move(why)};
}

Result<Guest::Impl::Wake> Guest::Impl::wait(Deadline deadline) {
  if (status) return Wake::exited;
  // Before the data: a guest that never stops talking would otherwise never be late.
  const bool late = deadline.passed();
  // The gdbstub behind QMP: QEMU reports a stop there first, so that it is known when its event is seen here.
  std::array<pollfd, 5> fds{pollfd{child->pidfd(), POLLIN, 0}, pollfd{cancel->fd(), POLLIN, 0},
                            qmp_channel.interest(), control.interest(),
                            holds ? holds->interest() : pollfd{-1, 0, 0}};
  const Deadline due = Deadline::earlier(next_look, holds ? holds->due() : Deadline::never());
  const int n = ::poll(fds.data(), fds.size(), Deadline::earlier(deadline, due).poll_ms());
  if (n < 0 && errno != EINTR) return errno_error("poll on a guest", errno);
  if (n < 0) return Wake::activity;
  qmp_channel.handle(fds[2].revents);
  control.handle(fds[3].revents);
  qmp.feed(std::exchange(qmp_channel.in(), {}));
  qmp_channel.send(qmp.take_output());
  if (holds) holds->handle(fds[4].revents);
  if (fds[1].revents != 0) return Wake::cancelled;
  if (fds[0].revents != 0) {
    reap();
    return Wake::exited;
  }
  check_output();
  if (status) return Wake::exited;
  return late || (n == 0 && deadline.passed()) ? Wake::deadline : Wake::activity;
}

void Guest::Impl::check_output() {
  if (!next_look.passed()) return;
  next_look = Deadline::after(look_every);
  const std::pair<fs::path, std::uintmax_t> limits[] = {{files.console(), files.caps.console},
                                                        {files.dir / "qemu.log", files.caps.console},
                                                        {files.results(), files.caps.results}};
  for (const auto& [file, cap] : limits) {
    std::error_code ec;
    const auto size = fs::file_size(file, ec);
    if (ec || size <= cap) continue;
    ended(GuestEnd::Kind::too_much_output,
          fmt::format("{} has {}, more than the {} that a guest may write", file.filename().string(),
                      human_bytes(size), human_bytes(cap)));
    return kill();
  }
  const auto share = prepared.paths().devices.find(model::Device::p9);
  if (share == prepared.paths().devices.end()) return;
  if (used_below(share->second, files.caps.share) < files.caps.share) return;
  ended(GuestEnd::Kind::too_much_output,
        fmt::format("the folder that the guest shares has {} or more, all that a guest may write there",
                    human_bytes(files.caps.share)));
  kill();
}

void Guest::Impl::reap() {
  status = child->wait(Deadline::never(), CancelToken());  // its pidfd is readable: does not block
  drain();
}

/// What QEMU wrote before it ended is still in the sockets: the last answer, the reason of the shutdown.
void Guest::Impl::drain() {
  for (Channel* channel : {&control, &qmp_channel}) {
    // At most two frames: nothing can be added any more.
    for (int i = 0; i < 32; ++i) {
      pollfd p = channel->interest();
      if (p.fd < 0 || ::poll(&p, 1, 0) <= 0) break;
      channel->handle(static_cast<short>(p.revents & ~POLLOUT));
    }
  }
  qmp.feed(std::exchange(qmp_channel.in(), {}));
}

std::optional<std::string> Guest::Impl::take_frame() {
  wire::Decoder decoder(control.in());
  const auto frame = decoder.next();
  if (!frame && control.full()) {
    ended(GuestEnd::Kind::protocol, "more data on the control port than fits in a frame");
    return std::nullopt;
  }
  if (decoder.corrupt()) {
    ended(GuestEnd::Kind::protocol, "invalid frame on the control port");
    return std::nullopt;
  }
  if (!frame) return std::nullopt;
  std::string payload(frame->payload);
  const bool is_json = frame->kind == wire::Kind::json;
  control.in().erase(0, control.in().size() - decoder.rest().size());
  if (is_json) return payload;
  ended(GuestEnd::Kind::protocol, "test output on the control port");
  return std::nullopt;
}

Result<std::optional<std::string>> Guest::Impl::next_message(Deadline deadline, double limit_s,
                                                             const char* what) {
  for (;;) {
    // QEMU may be gone before its first answers were looked at: what the guest said still counts.
    if (!end || end->kind == GuestEnd::Kind::qemu_exited) {
      if (auto payload = take_frame()) return payload;
    }
    if (end) return std::optional<std::string>();
    // Before the wait: the event may have come in one piece with QEMU's first answers. What the guest said
    // before that may be behind it.
    if (qmp.over()) {
      if (!status) drain();
      if (auto last = take_frame()) return last;
      ended(GuestEnd::Kind::qemu_exited, end_text());
    } else if (stopped_by_qemu()) {
      // KVM's internal errors: QEMU pauses such a guest and goes on waiting for a user.
      ended(GuestEnd::Kind::hung, "QEMU stopped the guest" + log_tail());
    }
    if (end) continue;
    PINRIG_TRY(wake, wait(deadline));
    if (wake == Wake::cancelled) {
      kill();
      ended(GuestEnd::Kind::cancelled, "interrupted");
    } else if (wake == Wake::deadline) {
      if (auto last = take_frame()) return last;  // it came with the last look, in time or nearly
      ended(GuestEnd::Kind::hung, fmt::format("no {} within {}", what, human_seconds(limit_s)));
    } else if (wake == Wake::exited) {
      if (auto last = take_frame()) return last;
      ended(GuestEnd::Kind::qemu_exited, exit_text());
    }
  }
}

Result<Guest::Impl::Wake> Guest::Impl::await_exit(Deadline deadline) {
  for (bool told = false;;) {
    PINRIG_TRY(wake, wait(deadline));
    if (wake != Wake::activity || qmp.died()) return wake;
    control.in().clear();  // nothing is due any more; what comes must not pile up
    if (!std::exchange(told, qmp.over()) && qmp.over()) qmp.send_quit();
    qmp_channel.send(qmp.take_output());
  }
}

Result<GuestEnd> Guest::Impl::power_off() {
  if (end) return *end;
  const double limit_s = job.timeouts.scaled(job.timeouts.shutdown_s);
  send(nlohmann::json(wire::PowerOff{}).dump());
  PINRIG_TRY(wake, await_exit(Deadline::after(Seconds(limit_s))));
  if (wake == Wake::exited) {
    const auto kind = !process::succeeded(*status)             ? GuestEnd::Kind::qemu_exited
                      : qmp.shutdown_reason() == "guest-reset" ? GuestEnd::Kind::restarted
                                                               : GuestEnd::Kind::powered_off;
    ended(kind, exit_text());
    return *end;
  }
  if (wake == Wake::activity) {  // QEMU holds it
    ended(GuestEnd::Kind::restarted, end_text());
    return *end;
  }
  if (wake == Wake::cancelled) {
    ended(GuestEnd::Kind::cancelled, "interrupted");
  } else {
    ended(GuestEnd::Kind::hung, fmt::format("no power off within {}", human_seconds(limit_s)));
    qmp.send_quit();
    qmp_channel.send(qmp.take_output());
    PINRIG_CHECK(await_exit(Deadline::after(quit_limit)));
  }
  kill();
  return *end;
}

void Guest::Impl::kill() {
  if (!status && child) status = child->kill();
}

std::string Guest::Impl::exit_text() const {
  // Whether QEMU held the guest or was gone first depends on how soon the host looked.
  const auto* exited = std::get_if<process::Exited>(&*status);
  if (qmp.shutdown_reason() == "guest-reset" && exited != nullptr && exited->code == 0)
    return "the guest was reset" + log_tail();
  std::string text = "qemu " + process::to_string(*status);
  if (!qmp.shutdown_reason().empty()) text += " (" + qmp.shutdown_reason() + ")";
  return text + log_tail();
}

std::string Guest::Impl::end_text() const {
  if (status) return exit_text();
  const char* what = qmp.panicked()                              ? "the guest panicked"
                     : qmp.shutdown_reason() == "guest-shutdown" ? "the guest switched itself off"
                                                                 : "the guest was reset";
  return what + log_tail();
}

std::string Guest::Impl::log_tail() const {
  const auto log = read_file(files.dir / "qemu.log");
  if (log.has_error()) return {};
  constexpr std::size_t max_lines = 10;
  std::vector<std::string> kept;
  for (const auto line : lines(*log)) {
    // The network without a way out is what we want (net_args()).
    if (line.find("hub 0 is not connected to host network") != std::string_view::npos) continue;
    if (!trim(line).empty()) kept.emplace_back(line);
  }
  if (kept.size() > max_lines) kept.erase(kept.begin(), kept.end() - max_lines);
  return kept.empty() ? std::string() : ": " + join(kept, "\n");
}

}  // namespace pinrig::vm
