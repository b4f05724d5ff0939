// SPDX-License-Identifier: GPL-2.0
// What QEMU's monitor says about the CPUs of a guest ("info registers -a"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinrig::vm {

struct CpuState {
  int number = 0;
  std::uint64_t pc = 0;
  bool halted = false;  ///< waits for an interrupt; known on x86-64 only (HLT=1)
};

/// One for each "CPU#N" of the text; none when it has another form.
std::vector<CpuState> parse_registers(std::string_view text);

/// "CPU 0 in _raw_spin_lock+0x10", "CPU 1 halted in default_idle+0xf": with the text of the kernel's
/// System.map.
std::string describe(const CpuState& cpu, std::string_view system_map);

}  // namespace pinrig::vm
