// SPDX-License-Identifier: GPL-2.0
#include "vm/interactive.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "process/process.h"
#include "vm/guest_impl.h"
#include "vm/job_files.h"

namespace pinrig::vm {

std::string gdb_program(model::Arch arch) {
  struct utsname host = {};
  const bool native = ::uname(&host) == 0 && model::arch_from_string(host.machine) == arch;
  return native ? "gdb" : "gdb-multiarch";
}

std::vector<std::string> gdb_command(const model::JobSpec& job, const std::string& gdb_socket) {
  return {gdb_program(job.arch), job.vmlinux, "-ex", "target remote " + gdb_socket};
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
  auto status = process::run_foreground(argv, cancel);
  if (status.has_error()) return qemu_start_error(status.error(), job.arch);
  if (std::holds_alternative<process::Cancelled>(*status)) return cancelled_error();
  if (process::succeeded(*status)) return {};
  return make_error(ErrorKind::infra, "QEMU: " + process::to_string(*status),
                    "its command line is in " + (files.dir / "qemu.args").string());
}

}  // namespace pinrig::vm
