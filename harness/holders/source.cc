// SPDX-License-Identifier: GPL-2.0
#include "holders/source.h"

#include <string>

#include "base/text.h"

namespace pinrig::holders {
namespace {

/// What ends the declaration before a function, or the comment above it.
bool is_before(std::string_view line) {
  const auto text = trim(line);
  return text.empty() || line.starts_with('}') || line.starts_with('#') || text.ends_with(';') ||
         text.ends_with("*/");
}

}  // namespace

std::optional<Lines> function_around(std::string_view text, int line) {
  const auto all = lines(text);
  const auto count = static_cast<int>(all.size());
  const auto at = [&](int n) { return all[static_cast<std::size_t>(n - 1)]; };
  if (line < 1 || line > count) return std::nullopt;
  int open = line;
  while (open >= 1 && !at(open).starts_with('{')) {
    if (open < line && at(open).starts_with('}')) return std::nullopt;
    --open;
  }
  int last = line;
  while (last <= count && !at(last).starts_with('}')) ++last;
  if (open < 1 || last > count) return std::nullopt;
  int first = open;
  while (first > 1 && !is_before(at(first - 1))) --first;
  return Lines{first, last};
}

}  // namespace pinrig::holders
