// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "cli/program.h"
#include "report/report.h"

namespace pinrig::cli {

/// Writes `text` to a file, whole or not at all; "-" is stdout. A pipe or a device is written to directly.
Result<void> write_output(const std::string& file, const std::string& text);
/// The same to a descriptor. A reader that closed the pipe (`pinrig show | head`) is not an error.
Result<void> write_to(int fd, const std::string& text);

/// "pinrig: MESSAGE" and the hint below it, as they go to the terminal: what others wrote (subjects, paths,
/// words of git and make) cannot control it.
std::string error_text(const Error& error);

/// Colour, width and amount for a report on descriptor `fd`.
report::Style terminal_style(const Program& program, int fd = 1);

}  // namespace pinrig::cli
