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

/// The command that debugs the guest of `job` which waits on `gdb_socket`.
std::vector<std::string> gdb_command(const model::JobSpec& job, const std::string& gdb_socket);

}  // namespace pinrig::vm
