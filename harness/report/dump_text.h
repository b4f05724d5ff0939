// SPDX-License-Identifier: GPL-2.0
// What the memory of a guest was saved for, where it is, and the commands that open it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/digest.h"
#include "report/text_layout.h"

namespace pinrig::report {

/// Names and values: where the dump is or why there is none; then the commands as typed in a shell, and what
/// the kernel lacks for them.
std::vector<std::pair<std::string, std::string>> dump_fields(const model::Dump& dump);

/// The same, indented, a line each; commands are never broken.
std::string dump_text(const model::Dump& dump, const Painter& p);

/// The section of the terminal's report: the dumps of all guests.
std::string dumps(const Digest& d, const Painter& p);

}  // namespace pinrig::report
