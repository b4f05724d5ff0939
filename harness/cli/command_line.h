// SPDX-License-Identifier: GPL-2.0
// From argv to an action, or to an error that names the wrong argument. Starts nothing.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/program.h"

namespace pinrig::cli {

/// `--help` or `--version`: the text for stdout.
struct Answer {
  std::string text;
};

/// Fills `program` from the options that every sub-command has. `args` is argv without the program's name.
/// Everything wrong is bad_usage: an unknown sub-command or option with the nearest known one, a value out
/// of its range, options that exclude each other.
Result<std::variant<Action, Answer>> understand(const std::vector<std::string>& args, Program& program);

/// A whole number from `least` to `most`, for CLI::Option::check().
CLI::Validator whole_number(int least, int most);
/// The same with decimals.
CLI::Validator number(double least, double most);
/// "500M", "1.5G", "20GiB" (powers of 1024), turned into bytes; for CLI::Option::transform().
CLI::Validator size_in_bytes();

}  // namespace pinrig::cli
