// SPDX-License-Identifier: GPL-2.0
// From the ELF core that QEMU's dump-guest-memory writes to one that drgn opens: arm64's dumps. QEMU writes
// kdump files of arm64 in blocks of 64 KiB, which libkdumpfile 0.5.1 does not open; its ELF core has all of
// the memory, zeros too, and knows physical addresses only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vm/kdump.h"

namespace pinrig::vm {

/// What a program header says of a piece of memory; bytes.
struct Segment {
  std::uint64_t offset = 0;  ///< in the file
  std::uint64_t virt = 0;
  std::uint64_t phys = 0;
  std::uint64_t size = 0;
  bool operator==(const Segment&) const = default;
};

/// Where the kernel has the memory of `physical`: each piece in the linear map, and the part with the
/// kernel's image (_text to _end) a second time where the image is mapped
/// (arch/arm64/include/asm/memory.h). What is elsewhere (vmalloc, struct page) its page tables tell. Pure.
std::vector<Segment> mapped_segments(const std::vector<Segment>& physical, const KernelFacts& facts,
                                     std::string_view system_map);

/// Gives the core these addresses, adds `info` to its notes unless they have a VMCOREINFO of the kernel's
/// own, and frees the blocks that hold zeros only. bad_input when it is no ELF core of arm64, with what is
/// wrong.
Result<void> complete_elf(const fs::path& file, const KernelFacts& facts, const std::string& info,
                          std::string_view system_map);

}  // namespace pinrig::vm
