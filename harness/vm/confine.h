// SPDX-License-Identifier: GPL-2.0
// What QEMU may take of the host, so that neither a guest that breaks out of it nor one that floods it harms
// the host. Its system call filter is in qemu_args.h. Private to the module.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/machine.h"
#include "vm/guest.h"

namespace pinrig::vm {

/// `argv` behind setpriv(1), which gives up all capabilities but that of reading any file, when pinrig has
/// them to give up: root. The cache may lie in a home that only its owner can enter. Unchanged otherwise, and
/// when either program is not in PATH.
std::vector<std::string> without_privileges(std::vector<std::string> argv);

/// Niced below pinrig, the first that the OOM killer takes, and with limits on its address space and on the
/// size of a file. `dumped`: it may be told to save the guest's memory, which as an ELF core is one file.
/// What cannot be set is logged and left.
void confine(pid_t qemu, const model::Machine& machine, const OutputCaps& caps, bool dumped = false);

/// `argv` behind the programs that do the same to what they start (prlimit(1), choom(1), nice(1)) and behind
/// setpriv(1): for a QEMU that has our terminal and is waited for at once. Unchanged when it is not in PATH;
/// without those of the programs that are not.
std::vector<std::string> confined(std::vector<std::string> argv, const model::Machine& machine,
                                  const OutputCaps& caps);

/// The limits that confine() sets, in bytes: the guest's memory and what QEMU needs itself; the largest file
/// that a guest of this machine may have.
std::uint64_t address_space_limit(const model::Machine& machine);
std::uint64_t file_size_limit(const model::Machine& machine, const OutputCaps& caps, bool dumped = false);

/// Bytes that the files below `dir` take on the disk. Stops when it has `most`; each file counts some, so
/// that a flood of empty ones has an end as well. Follows no link. 0 when there is no such directory.
std::uintmax_t used_below(const fs::path& dir, std::uintmax_t most);

}  // namespace pinrig::vm
