// SPDX-License-Identifier: GPL-2.0
// What of a kernel decides how it behaves, as a hash: two kernels with the same one need not both be booted.
#pragma once

#include <string>

#include "kbuild/kernel_build.h"

namespace pinrig::kbuild {

/// SHA-256 over the sections of an ELF file that are loaded (SHF_ALLOC), with their addresses, without the
/// build ID, which also covers debug information. bad_input: not a 64-bit little-endian ELF file with
/// sections.
Result<std::string> hash_of_code(const fs::path& elf);

/// The same of an artifact: its vmlinux, its configuration and its selftests. Comments, documentation and
/// formatting do not change it. Line numbers do where the kernel keeps them, such as those of WARN(). Code
/// that is not part of vmlinux is not covered: arch/*/boot/ and drivers/firmware/efi/libstub/.
Result<std::string> code_of(const Artifact& artifact);

}  // namespace pinrig::kbuild
