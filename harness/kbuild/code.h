// SPDX-License-Identifier: GPL-2.0
// What of a kernel decides how it behaves, as a hash: two kernels with the same one need not both be booted.
#pragma once

#include <string>

#include "kbuild/kernel_build.h"

namespace pinrig::kbuild {

/// SHA-256 over the sections of an ELF file that are loaded (SHF_ALLOC), with their addresses, without the
/// build ID, which also covers debug information. bad_input: not an ELF file with sections.
Result<std::string> hash_of_code(const fs::path& elf);

/// The same of an artifact: its vmlinux, its configuration and its selftests. Comments, documentation and
/// formatting do not change it. Line numbers do where the kernel keeps them, such as those of WARN() in
/// __bug_table: a comment above one makes a point boot that behaves as the one before. That is the safe side,
/// as what a message says is behavior too. vmlinux is all that guests run: x86-64 boots it through PVH,
/// aarch64 its Image, which is a copy (arch/arm64/boot/Makefile).
Result<std::string> code_of(const Artifact& artifact);

/// Why a change of the source file `path` is not tested, although a kernel of `arch` may contain it: its code
/// is in a loader around vmlinux that guests do not run, and that is not built. Empty for all other files.
std::string outside_vmlinux(model::Arch arch, const std::string& path);

}  // namespace pinrig::kbuild
