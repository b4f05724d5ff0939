// SPDX-License-Identifier: GPL-2.0
#include "vm/cpu_states.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "vm/kernel_place.h"

namespace pinrig::vm {
namespace {

/// The number after `mark` in `line`.
template <typename T>
bool number_after(std::string_view line, std::string_view mark, int base, T& out) {
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return false;
  const auto rest = line.substr(at + mark.size());
  return std::from_chars(rest.data(), rest.data() + rest.size(), out, base).ec == std::errc();
}

}  // namespace

std::vector<CpuState> parse_registers(std::string_view text) {
  std::vector<CpuState> out;
  for (const auto line : lines(text)) {
    int number = 0;
    if (line.starts_with("CPU#") && number_after(line, "CPU#", 10, number)) {
      out.push_back({.number = number});
      continue;
    }
    if (out.empty()) continue;
    // x86_cpu_dump_state() and aarch64_cpu_dump_state() of QEMU.
    if (line.starts_with("RIP=")) {
      number_after(line, "RIP=", 16, out.back().pc);
      out.back().halted = line.find("HLT=1") != std::string_view::npos;
    } else if (line.starts_with(" PC=")) {
      number_after(line, " PC=", 16, out.back().pc);
    }
  }
  return out;
}

std::string describe(const CpuState& cpu, std::string_view system_map) {
  return fmt::format("CPU {} {}in {}", cpu.number, cpu.halted ? "halted " : "",
                     name_of_address(system_map, cpu.pc));
}

}  // namespace pinrig::vm
