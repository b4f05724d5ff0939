// SPDX-License-Identifier: GPL-2.0
// Addresses of places in a kernel's code: from its System.map, or from what gdb says about its debug
// information. Pure. Guests run with nokaslr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinrig::vm {

/// Where "SYMBOL", "SYMBOL+0xOFFSET" or "FILE:LINE" is.
struct KernelPlace {
  std::vector<std::uint64_t> addresses;  ///< several for a line that the compiler made code of in many places
  std::string problem;                   ///< why there is no address; empty = there is one
  bool lacking = false;  ///< the problem: this kernel has no such function, or no debug information
};

/// `system_map` is the text of a System.map. An offset must lie within the function. A function that the
/// compiler specialized ("SYMBOL.isra.0", "SYMBOL.constprop.0") is found by its plain name; one of which
/// there are two is not.
KernelPlace find_place(std::string_view system_map, std::string_view place);

/// "SYMBOL+0xOFFSET" of the function that `address` is in, or the address ("0x401000") of one that is outside
/// the kernel: user space.
std::string name_of_address(std::string_view system_map, std::uint64_t address);

/// "mm/gup.c:2983": letters, digits and "/._+-" only, since gdb gets it as part of a command.
bool is_source_line(std::string_view place);
/// gdb's commands that show where a source line is, and what their output says.
std::vector<std::string> source_line_commands(std::string_view place);
KernelPlace parse_source_line(std::string_view gdb_output, std::string_view place);

}  // namespace pinrig::vm
