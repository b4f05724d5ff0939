// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "vm/guest.h"
#include "vm/qemu_args.h"

namespace pinrig::vm {

/// `pinrig boot/rerun --shell` and `--gdb`: the same machine with its console on our terminal, until QEMU
/// ends. `say` gets lines for the user first: the keys, and for gdb the command for another terminal. The
/// console is also in console.raw.
Result<void> interactive(const model::JobSpec& job, const GuestFiles& files,
                         const std::map<std::string, fs::path>& drive_files, QemuMode mode,
                         const CancelToken& cancel, const std::function<void(const std::string&)>& say);

/// gdb knows its own architecture only; Debian's gdb-multiarch knows all.
std::string gdb_program(model::Arch arch);

/// What gdb does before its user has a prompt.
struct DebugStart {
  std::vector<std::string> breakpoints;  ///< functions
  fs::path scripts;                      ///< vmlinux-gdb.py (make scripts_gdb: lx-symbols, ...); empty: none
};

/// The command that debugs the guest of `job` which waits on `gdb_socket`. Breakpoints are hardware ones: the
/// code that a software breakpoint would be written to is not loaded yet.
std::vector<std::string> gdb_command(const model::JobSpec& job, const std::string& gdb_socket,
                                     const DebugStart& start = {});

/// The guest of `job` under gdb, which has our terminal: the guest waits before its first instruction, its
/// console goes to console.raw, and it ends with gdb. Errors: missing_tool (gdb, QEMU), infra: QEMU did not
/// start, cancelled.
Result<void> debug(const model::JobSpec& job, const GuestFiles& files,
                   const std::map<std::string, fs::path>& drive_files, const DebugStart& start,
                   const CancelToken& cancel, const std::function<void(const std::string&)>& say);

/// The guest of `job` with a shell that has its commands already (run/shell_input.h), without a terminal: its
/// console goes to console.raw. infra when it has not ended after `limit` (it is killed then), cancelled.
Result<void> run_commands(const model::JobSpec& job, const GuestFiles& files,
                          const std::map<std::string, fs::path>& drive_files, Seconds limit,
                          const CancelToken& cancel);

}  // namespace pinrig::vm
