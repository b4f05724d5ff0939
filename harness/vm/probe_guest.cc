// SPDX-License-Identifier: GPL-2.0
#include "vm/probe_guest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "process/process.h"
#include "vm/guest_impl.h"
#include "vm/qemu_args.h"

namespace pinrig::vm {
namespace {

using model::Accel;
using model::Arch;

constexpr const char* ok_line = "pinrig-probe ok";
/// isa-debug-exit ends QEMU with 2 * value + 1; the guest writes 0x21. PSCI SYSTEM_OFF ends it with 0.
constexpr int x86_exit_code = 2 * 0x21 + 1;

/// Debian names the host's own compiler by its triplet too; other distributions do that for cross compilers
/// only.
std::string compiler(Arch arch) {
  const std::string cross = fmt::format("{}-linux-gnu-gcc", model::to_string(arch));
  struct utsname host = {};
  if (::uname(&host) != 0 || model::arch_from_string(host.machine) != arch) return cross;
  for (const std::string& name : {cross, std::string("gcc"), std::string("cc")}) {
    if (!process::find_program(name).empty()) return name;
  }
  return cross;
}

std::string compiler_package(Arch arch) {
  return arch == Arch::x86_64 ? "gcc-x86-64-linux-gnu" : "gcc-aarch64-linux-gnu";
}

bool ended_well(Arch arch, const process::Finished& f) {
  const auto* exited = std::get_if<process::Exited>(&f.status);
  return exited != nullptr && exited->code == (arch == Arch::x86_64 ? x86_exit_code : 0) &&
         f.out.find(ok_line) != std::string::npos;
}

/// "KVM internal error. Suberror: 1" out of a register dump, else the first line there is.
std::string first_cause(const std::string& err) {
  std::string first;
  for (const auto line : lines(err)) {
    if (line.find("KVM internal error") != std::string_view::npos) return std::string(line);
    if (first.empty()) first = std::string(trim(line));
  }
  return first;
}

}  // namespace

Result<fs::path> build_probe(Arch arch, const fs::path& project, const fs::path& dir,
                             const CancelToken& cancel) {
  const fs::path source = project / "guest-tests/probe" / fmt::format("{}.S", model::to_string(arch));
  const fs::path script = fs::path(source).replace_extension(".lds");
  PINRIG_TRY(source_hash, sha256_file(source));
  PINRIG_TRY(script_hash, sha256_file(script));
  const auto key = Sha256().field(source_hash).field(script_hash).hex().substr(0, 16);
  const fs::path guest = dir / fmt::format("guest-{}-{}.elf", model::to_string(arch), key);
  if (fs::exists(guest)) return guest;
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_TRY(work, TempDir::create(dir, "build-"));
  const fs::path built = work.path() / "guest.elf";
  process::Command command;
  command.argv = {compiler(arch),
                  "-nostdlib",
                  "-static",
                  "-no-pie",
                  "-Wl,--build-id=none",
                  "-Wl,--no-warn-rwx-segments",
                  "-Wl,-T," + script.string(),
                  "-o",
                  built.string(),
                  source.string()};
  auto done = process::run_ok(command, cancel, ErrorKind::programs_failed);
  if (done.has_error()) {
    Error error = done.error();
    if (error.kind == ErrorKind::missing_tool) error.hint = "apt install " + compiler_package(arch);
    return std::move(error).with_context("building the calibration guest");
  }
  std::error_code ec;
  fs::rename(built, guest, ec);
  if (ec) return errno_error("renaming to " + guest.string(), ec.value());
  return guest;
}

std::vector<std::string> probe_args(Arch arch, Accel accel, const fs::path& guest) {
  std::vector<std::string> args{qemu_program(arch)};
  for (auto part : {base_args(), machine_args(arch, accel, {})})
    args.insert(args.end(), part.begin(), part.end());
  args.insert(args.end(), {"-smp", "1", "-m", "64M", "-kernel", guest.string(), "-chardev",
                           "stdio,id=console,signal=off", "-serial", "chardev:console"});
  if (arch == Arch::x86_64) args.insert(args.end(), {"-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"});
  return args;
}

Result<ProbeRun> run_probe(Arch arch, Accel accel, const fs::path& guest, double limit_s,
                           const CancelToken& cancel) {
  process::Command command;
  command.argv = probe_args(arch, accel, guest);
  command.deadline = Deadline::after(Seconds(limit_s));
  auto result = process::run(command, cancel);
  if (result.has_error()) return qemu_start_error(result.error(), arch);
  const process::Finished& f = *result;
  if (std::holds_alternative<process::Cancelled>(f.status)) return cancelled_error();
  ProbeRun run;
  run.wall_s = f.wall_s;
  run.worked = ended_well(arch, f);
  if (run.worked) return run;
  // A guest that KVM cannot go on with is paused by QEMU, or its CPU spins in the host kernel: both only end
  // here.
  const bool late = std::holds_alternative<process::TimedOut>(f.status);
  run.detail =
      late ? fmt::format("no end within {}", human_seconds(limit_s)) : "qemu " + process::to_string(f.status);
  if (const std::string cause = first_cause(f.err); !cause.empty()) run.detail += ": " + cause;
  return run;
}

Result<std::string> qemu_version(Arch arch, const CancelToken& cancel) {
  process::Command command;
  command.argv = {qemu_program(arch), "--version"};
  auto done = process::run_ok(command, cancel);
  if (done.has_error()) return qemu_start_error(done.error(), arch);
  const auto all = lines(done->out);
  std::string first(all.empty() ? "" : trim(all.front()));
  constexpr std::string_view lead = "QEMU emulator version ";
  return first.starts_with(lead) ? first.substr(lead.size()) : first;
}

Result<bool> has_sandbox(Arch arch, const CancelToken& cancel) {
  process::Command command;
  command.argv = {qemu_program(arch)};
  for (auto part :
       {base_args(), sandbox_args(), std::vector<std::string>{"-machine", "none", "-monitor", "stdio"}})
    command.argv.insert(command.argv.end(), part.begin(), part.end());
  command.deadline = Deadline::after(Seconds(30));
  command.input = "quit\n";
  auto done = process::run(command, cancel);
  if (done.has_error()) return qemu_start_error(done.error(), arch);
  if (std::holds_alternative<process::Cancelled>(done->status)) return cancelled_error();
  return process::succeeded(done->status);
}

std::string kvm_device_problem(const fs::path& device) {
  const UniqueFd fd(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd && errno == ENOENT) return "no " + device.string();
  if (!fd && errno == EACCES)
    return fmt::format("{}: permission denied (join the group that owns it)", device.string());
  if (!fd) return fmt::format("{}: {}", device.string(), std::strerror(errno));
  const UniqueFd vm(::ioctl(fd.get(), KVM_CREATE_VM, 0));
  if (!vm) return fmt::format("{}: KVM_CREATE_VM: {}", device.string(), std::strerror(errno));
  return {};
}

}  // namespace pinrig::vm
