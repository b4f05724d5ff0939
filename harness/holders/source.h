// SPDX-License-Identifier: GPL-2.0
// The function around a line of a C file in the kernel's style. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace pinrig::holders {

/// Line numbers from 1, both included.
struct Lines {
  int first = 0;
  int last = 0;
};

/// From the function's first line to its closing brace, both of which begin in column 0; nothing when the
/// line is in no function, or the text ends before.
std::optional<Lines> function_around(std::string_view text, int line);

}  // namespace pinrig::holders
