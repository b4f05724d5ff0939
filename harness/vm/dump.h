// SPDX-License-Identifier: GPL-2.0
// Saving the memory of a guest: QMP's dump-guest-memory into `vmcore` in the folder of the guest.
//
// Without paging: physical memory and the registers of the CPUs, which is what crash and drgn take. QEMU
// stops the guest meanwhile and then lets it go on, without telling its gdbstub.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/job.h"

namespace pinrig::vm {

/// Why the memory of a guest is not saved, with its limit and the free bytes of the disk; empty: it can be. A
/// dump is never larger than the memory, and leaves `dump_reserve` on the disk to the other guests.
std::string dump_obstacle(const model::JobSpec& job, std::uintmax_t free_bytes);
inline constexpr std::uintmax_t dump_reserve = std::uintmax_t{1} << 30;

/// The number in what the monitor's "x /1gx ADDRESS" prints ("ffff8000817a1010: 0xffff80003fe00000").
std::optional<std::uint64_t> printed_number(std::string_view text);

/// The arguments of dump-guest-memory, as JSON. kdump-zlib has no pages of zeros, which most of a guest's
/// memory are: 7 MiB instead of 256 right after a boot; vm/kdump.h makes the file fit for drgn. arm64's is an
/// ELF core with holes (vm/elf_core.h).
std::string dump_arguments(const std::string& file, model::Arch arch);

}  // namespace pinrig::vm
