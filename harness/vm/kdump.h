// SPDX-License-Identifier: GPL-2.0
// From what QEMU's dump-guest-memory writes to a file that crash and drgn open. Pure but for the files.
//
// QEMU before 8.2 writes kdump-zlib only in makedumpfile's flattened form (records with their offsets), which
// drgn refuses, and leaves the utsname of the header empty, without which libkdumpfile does not know the
// architecture. A kernel without CONFIG_FW_CFG_SYSFS leaves no VMCOREINFO; what drgn needs of it is known
// here: pinrig's guests run at the addresses of their vmlinux (nokaslr).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "model/suite.h"

namespace pinrig::vm {

/// What has to be asked of a guest for its VMCOREINFO.
struct KernelFacts {
  model::Arch arch = model::Arch::x86_64;
  std::string release;               ///< uname -r; empty: not known
  bool five_levels = false;          ///< x86-64: of page tables (CR4.LA57)
  std::uint64_t kimage_voffset = 0;  ///< arm64: variables of the kernel
  std::uint64_t memstart_addr = 0;
  int va_bits = 48;      ///< arm64: of its configuration
  int page_size = 4096;  ///< bytes
};

/// What the configuration of a kernel says of these: va_bits and page_size.
void take_config(KernelFacts& facts, std::string_view config);

/// The address of a symbol, as 16 digits; empty when it is missing.
std::string address_of(std::string_view system_map, std::string_view symbol);

/// The same as a number.
std::optional<std::uint64_t> number_of(std::string_view system_map, std::string_view symbol);

/// The VMCOREINFO of a kernel with that System.map (kernel/vmcore_info.c writes these lines); empty when a
/// symbol is missing.
std::string vmcoreinfo(const KernelFacts& facts, std::string_view system_map);

/// Puts the records of a flattened file in their places in `to`. bad_input when it is none, or is cut off.
Result<void> unflatten(const fs::path& from, const fs::path& to);

/// Completes the header of a kdump file with the release, and its notes with `info`, unless they have a
/// VMCOREINFO of the kernel's own. bad_input when it is no kdump file.
Result<void> complete_kdump(const fs::path& file, const std::string& release, const std::string& info);

}  // namespace pinrig::vm
