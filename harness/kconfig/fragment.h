// SPDX-License-Identifier: GPL-2.0
// Configuration fragments: what a run requires of a kernel's configuration. Syntax: configs/README.md.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/kernel.h"

namespace pinrig::kconfig {

/// Of a kernel; symbols are added and removed with the second number.
struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};
/// "6.12", "6.12.117", "6.13-rc2"; empty if it does not begin with two numbers.
std::optional<Version> parse_version(std::string_view text);

/// One line of a fragment.
struct Wanted {
  std::string symbol;  ///< without "CONFIG_"
  std::string value;   ///< y, m, n, a number, or a string with its quotes
  std::optional<Version> since;
  std::optional<Version> until;  ///< the last version that has it
  std::string optional;          ///< reason why it may be absent; empty = it must hold
  bool yields = false;           ///< a default: another fragment may override it
  model::SourceLocation where;

  bool applies_to(Version v) const { return !(since && v < *since) && !(until && v > *until); }
};

struct Fragment {
  std::string file;
  std::vector<Wanted> wanted;
};

/// `file` is only used in messages. Error bad_input with file:line for anything that is neither a symbol
/// line, a declaration nor a comment.
Result<Fragment> parse_fragment(const std::string& file, std::string_view text);

/// Symbols by name, each once.
using Request = std::map<std::string, Wanted>;

/// All fragments together, without the lines that do not apply to `version`; a value overrides a default of
/// another fragment. Error bad_input when one symbol is given two values; it names both lines.
Result<Request> merge(const std::vector<Fragment>& fragments, Version version);

/// For KCONFIG_ALLCONFIG, sorted by name: equal requests give equal text.
std::string to_config_text(const Request& request);

/// The line a .config would have for it.
std::string config_line(const std::string& symbol, const std::string& value);

/// A .config as written by the kernel: symbol -> value, "is not set" as n. Unknown lines are ignored.
std::map<std::string, std::string> parse_config(std::string_view text);

}  // namespace pinrig::kconfig
