// SPDX-License-Identifier: GPL-2.0
// The messages of the kernel, as a table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/markers.h"

namespace pinrig::console {

/// How far an event reaches.
enum class Extent {
  line,    ///< it is one line
  trace,   ///< to the end of its call trace, "---[ end trace" at the latest
  banner,  ///< to the closing line of '=' (KASAN, KFENCE, KCSAN), with several traces inside
};

struct Row {
  const char* pattern;  ///< RE2 over the message, not anchored unless it says so
  const char* kind;
  const char* title;     ///< with \1 ...; " in {fn}" is filled with the function to blame, or cut
  const char* function;  ///< "\2" when the line itself names it, "" when the trace does
  Extent extent = Extent::trace;
  bool fatal = false;
  bool only_with_trace = false;  ///< user space prints such lines too: an event only if a trace follows
};

/// A row that fits a message, with its captures filled in.
struct Match {
  const Row* row = nullptr;
  std::string title;
  std::string function;
};

/// The first row of the table that fits.
std::optional<Match> match_row(std::string_view text);

/// Words of which every line that matters has at least one: those of the table, the agent's marks, and the
/// few words that parse.cc looks at itself.
const Markers& line_markers();

}  // namespace pinrig::console
