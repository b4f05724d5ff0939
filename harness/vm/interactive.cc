// SPDX-License-Identifier: GPL-2.0
#include "vm/interactive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "process/process.h"
#include "vm/confine.h"
#include "vm/guest_impl.h"
#include "vm/job_files.h"

namespace pinrig::vm {

std::string gdb_program(model::Arch arch) {
  struct utsname host = {};
  const bool native = ::uname(&host) == 0 && model::arch_from_string(host.machine) == arch;
  return native ? "gdb" : "gdb-multiarch";
}

std::vector<std::string> gdb_command(const model::JobSpec& job, const std::string& gdb_socket,
                                     const DebugStart& start) {
  std::vector<std::string> argv{gdb_program(job.arch), job.vmlinux};
  if (!start.scripts.empty()) argv.insert(argv.end(), {"-ex", "source " + start.scripts.string()});
  argv.insert(argv.end(), {"-ex", "target remote " + gdb_socket});
  for (const auto& function : start.breakpoints) argv.insert(argv.end(), {"-ex", "hbreak " + function});
  return argv;
}

Result<void> interactive(const model::JobSpec& job, const GuestFiles& files,
                         const std::map<std::string, fs::path>& drive_files, QemuMode mode,
                         const CancelToken& cancel, const std::function<void(const std::string&)>& say) {
  auto with_shell = job;
  with_shell.initramfs.push_back(job.shell);
  PINRIG_TRY(prepared, JobFiles::prepare(with_shell, files, drive_files));
  const auto argv = qemu_args(job, prepared.paths(), mode);
  PINRIG_CHECK(write_file_atomic(files.dir / "qemu.args", shell_line(argv) + "\n"));
  say("Ctrl-A X ends the guest, Ctrl-A C is QEMU's monitor.");
  if (mode == QemuMode::gdb)
    say("The guest waits for a debugger; in another terminal: " +
        shell_line(gdb_command(job, prepared.paths().gdb_socket)));
  auto status = process::run_foreground(confined(argv, job.machine, files.caps), cancel);
  if (status.has_error()) return qemu_start_error(status.error(), job.arch);
  if (std::holds_alternative<process::Cancelled>(*status)) return cancelled_error();
  if (process::succeeded(*status)) return {};
  return make_error(ErrorKind::infra, "QEMU: " + process::to_string(*status),
                    "its command line is in " + (files.dir / "qemu.args").string());
}

namespace {

constexpr Seconds socket_limit{20};

/// Until QEMU has made its socket: the name appears with bind(2), and gdb takes longer to read vmlinux than
/// QEMU until listen(2).
Result<void> await_socket(const fs::path& socket, const process::Child& qemu, const CancelToken& cancel) {
  const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch || ::inotify_add_watch(watch.get(), socket.parent_path().c_str(), IN_CREATE) < 0)
    return errno_error("watching " + socket.parent_path().string(), errno);
  const auto deadline = Deadline::after(socket_limit);
  std::error_code ec;
  while (!fs::exists(socket, ec)) {
    std::array<pollfd, 3> fds{pollfd{watch.get(), POLLIN, 0}, pollfd{qemu.pidfd(), POLLIN, 0},
                              pollfd{cancel.fd(), POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), deadline.poll_ms()) < 0 && errno != EINTR)
      return errno_error("poll", errno);
    if (cancel.requested()) return cancelled_error();
    if (fds[1].revents != 0 || deadline.passed())
      return make_error(ErrorKind::infra, "QEMU did not open its socket for gdb");
    std::array<char, 4096> events;
    (void)!::read(watch.get(), events.data(), events.size());
  }
  return {};
}

/// A guest whose console is not on our terminal; its end kills QEMU before its files go.
struct Behind {
  JobFiles prepared;
  process::Child qemu;
};

Result<Behind> start_behind(const model::JobSpec& job, const GuestFiles& files,
                            const std::map<std::string, fs::path>& drive_files, QemuMode mode) {
  auto with_shell = job;
  with_shell.initramfs.push_back(job.shell);
  PINRIG_TRY(prepared, JobFiles::prepare(with_shell, files, drive_files));
  process::Command command;
  command.argv = without_privileges(qemu_args(job, prepared.paths(), mode));
  PINRIG_CHECK(write_file_atomic(files.dir / "qemu.args", shell_line(command.argv) + "\n"));
  auto qemu = process::Child::start(command, files.dir / "qemu.log");
  if (qemu.has_error()) return qemu_start_error(qemu.error(), job.arch);
  confine(qemu->pid(), job.machine, files.caps);
  return Behind{std::move(prepared), std::move(*qemu)};
}

}  // namespace

Result<void> debug(const model::JobSpec& job, const GuestFiles& files,
                   const std::map<std::string, fs::path>& drive_files, const DebugStart& start,
                   const CancelToken& cancel, const std::function<void(const std::string&)>& say) {
  const std::string gdb = gdb_program(job.arch);
  if (process::find_program(gdb).empty())
    return make_error(ErrorKind::missing_tool, gdb + " is not in PATH", "apt install " + gdb);
  PINRIG_TRY(guest, start_behind(job, files, drive_files, QemuMode::gdb));
  const auto& socket = guest.prepared.paths().gdb_socket;
  auto opened = await_socket(socket, guest.qemu, cancel);
  if (opened.has_error()) {
    Error e = std::move(opened).error();
    if (e.kind == ErrorKind::infra) e.hint = "see " + (files.dir / "qemu.log").string();
    return e;
  }
  say("The guest waits before its first instruction: `continue` starts it, `quit` ends it.");
  say("Its console is " + files.console().string());
  PINRIG_TRY(status, process::run_foreground(gdb_command(job, socket, start), cancel));
  if (std::holds_alternative<process::Cancelled>(status)) return cancelled_error();
  return {};
}

Result<void> run_commands(const model::JobSpec& job, const GuestFiles& files,
                          const std::map<std::string, fs::path>& drive_files, Seconds limit,
                          const CancelToken& cancel) {
  PINRIG_TRY(guest, start_behind(job, files, drive_files, QemuMode::shell));
  const auto status = guest.qemu.wait(Deadline::after(limit), cancel);
  if (std::holds_alternative<process::Cancelled>(status)) return cancelled_error();
  const std::string console = "its console is " + files.console().string();
  if (std::holds_alternative<process::TimedOut>(status))
    return make_error(ErrorKind::infra,
                      fmt::format("the guest did not end within {}", human_seconds(limit.count())), console);
  if (process::succeeded(status)) return {};
  return make_error(ErrorKind::infra, "QEMU: " + process::to_string(status), console);
}

}  // namespace pinrig::vm
