// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "cli/program.h"
#include "report/report.h"

namespace pinrig::cli {

/// Writes `text` to a file, whole or not at all; "-" is stdout.
Result<void> write_output(const std::string& file, const std::string& text);

/// Colour, width and amount for a report on stdout.
report::Style terminal_style(const Program& program);

}  // namespace pinrig::cli
