// SPDX-License-Identifier: GPL-2.0
#include <charconv>

#include "symbols/symbols.h"

namespace pinrig::symbols {
namespace {

bool in_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '$';
}

/// "0x1a" at the front of `text`, removed from it; false when there is none.
bool take_hex(std::string_view& text, std::uint64_t& value) {
  if (!text.starts_with("0x")) return false;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Frame frame_in(std::string_view line) {
  Frame out;
  while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  out.returns = true;
  for (const std::string_view where : {"RIP: ", "pc : "}) {
    if (!line.starts_with(where)) continue;
    line.remove_prefix(where.size());
    out.returns = false;
  }
  if (line.size() > 5 && line[4] == ':' && line[0] >= '0' && line[0] <= '9')
    line.remove_prefix(5);  // "0010:"
  std::size_t n = 0;
  while (n < line.size() && in_name(line[n])) ++n;
  const std::string_view name = line.substr(0, n);
  line.remove_prefix(n);
  if (n == 0 || !line.starts_with('+')) return {};
  line.remove_prefix(1);
  if (!take_hex(line, out.offset) || !line.starts_with('/')) return {};
  line.remove_prefix(1);
  if (!take_hex(line, out.size)) return {};
  // arch/arm64/kernel/stacktrace.c: "(P)" is the address of an exception itself, not one that is returned to.
  if (line.starts_with(" (P")) out.returns = false;
  out.function = name;
  return out;
}

}  // namespace pinrig::symbols
