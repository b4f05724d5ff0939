// SPDX-License-Identifier: GPL-2.0
// The naive way to boot a kernel, to which boot_figures() compares.
#pragma once

#include "bench/bench.h"

namespace pinrig::bench {

/// An initramfs whose only file powers the machine off as its first system call.
Result<fs::path> power_off_initramfs(model::Arch arch, const Setup& s);

/// The base point of the default run as a bzImage compressed with XZ (x86-64); made once per kernel `key`.
Result<fs::path> xz_kernel(const std::string& key, const Setup& s);

/// argv of a plain boot: x86-64 through SeaBIOS on QEMU's default machine, aarch64 on the machine
/// that pinrig uses, so that the ratio shows only the overhead of pinrig.
std::vector<std::string> floor_args(model::Arch arch, const fs::path& kernel, const fs::path& initramfs,
                                    const model::Machine& machine);

/// Compiles one C file into a static program for the guest.
Result<void> compile(model::Arch arch, const std::string& source, const std::vector<std::string>& flags,
                     const fs::path& out, const Setup& s);

}  // namespace pinrig::bench
