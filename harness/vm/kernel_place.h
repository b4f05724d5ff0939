// SPDX-License-Identifier: GPL-2.0
// Addresses of places in a kernel's code, from its System.map. Pure. Guests run with nokaslr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pinrig::vm {

/// Where "SYMBOL" or "SYMBOL+0xOFFSET" is.
struct KernelPlace {
  std::uint64_t address = 0;
  std::string problem;   ///< why there is no address; empty = there is one
  bool lacking = false;  ///< the problem: this kernel has no such function, or it was inlined
};

/// `system_map` is the text of a System.map. An offset must lie within the function. A function that the
/// compiler specialized ("SYMBOL.isra.0", "SYMBOL.constprop.0") is found by its plain name; one of which
/// there are two is not.
KernelPlace find_place(std::string_view system_map, std::string_view place);

}  // namespace pinrig::vm
