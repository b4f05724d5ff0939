// SPDX-License-Identifier: GPL-2.0
#include "vm/kernel_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace pinrig::vm {
namespace {

std::optional<std::uint64_t> hex_value(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || text.empty() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "ffffffff81113060 t try_grab_folio_fast"
struct Symbol {
  std::uint64_t address = 0;
  char type = 0;
  std::string_view name;
};

std::optional<Symbol> parse_symbol(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 4 || line[space + 2] != ' ')
    return std::nullopt;
  const auto address = hex_value(line.substr(0, space));
  if (!address) return std::nullopt;
  return Symbol{*address, line[space + 1], line.substr(space + 3)};
}

bool is_code(char type) { return type == 't' || type == 'T' || type == 'W' || type == 'w'; }

/// Is `name` what the compiler made of `wanted`?
bool same_function(std::string_view name, std::string_view wanted) {
  if (!name.starts_with(wanted)) return false;
  const std::string_view suffix = name.substr(wanted.size());
  return suffix.empty() || suffix.starts_with(".isra.") || suffix.starts_with(".constprop.");
}

/// Of a file of the kernel that a test names.
constexpr std::size_t longest_path = 200;

bool is_in_paths(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' ||
         c == '_' || c == '-' || c == '+';
}

struct Found {
  int count = 0;
  std::uint64_t start = 0, end = 0;  ///< of the first
};

Found find_function(std::string_view system_map, std::string_view wanted) {
  Found found;
  for (const auto line : lines(system_map)) {
    const auto symbol = parse_symbol(line);
    if (!symbol) continue;
    if (found.count == 1 && found.end == 0 && symbol->address > found.start) found.end = symbol->address;
    if (!is_code(symbol->type) || !same_function(symbol->name, wanted)) continue;
    if (found.count++ == 0) found.start = symbol->address;
  }
  return found;
}

}  // namespace

KernelPlace find_place(std::string_view system_map, std::string_view place) {
  KernelPlace out;
  const auto plus = place.find("+0x");
  const std::string_view symbol = place.substr(0, plus);
  const auto offset =
      plus == std::string_view::npos ? std::optional<std::uint64_t>(0) : hex_value(place.substr(plus + 3));
  if (symbol.empty() || !offset || symbol.find_first_of(" :+") != std::string_view::npos) {
    out.problem = fmt::format(
        "\"{:.80}\" is no place in the kernel; write SYMBOL, SYMBOL+0xOFFSET or FILE:LINE", place);
    return out;
  }
  const Found found = find_function(system_map, symbol);
  if (found.count == 0) {
    out.problem = fmt::format("this kernel has no function {:.80}, or its compiler inlined it", symbol);
    out.lacking = true;
  } else if (found.count > 1) {
    out.problem =
        fmt::format("this kernel has {} functions {:.80}; name one that is unique", found.count, symbol);
  } else if (found.end != 0 && *offset >= found.end - found.start) {
    out.problem = fmt::format("{:.80} is {:#x} bytes long, {:#x} lies behind its end", symbol,
                              found.end - found.start, *offset);
  } else {
    out.addresses = {found.start + *offset};
  }
  return out;
}

std::string name_of_address(std::string_view system_map, std::uint64_t address) {
  std::string_view name;
  std::uint64_t start = 0;
  bool inside = false;
  for (const auto line : lines(system_map)) {
    const auto symbol = parse_symbol(line);
    if (!symbol) continue;
    if (symbol->address > address) {
      inside = !name.empty();
      break;
    }
    if (!is_code(symbol->type)) continue;
    name = symbol->name;
    start = symbol->address;
  }
  return inside ? fmt::format("{}+{:#x}", name, address - start) : fmt::format("{:#x}", address);
}

bool is_source_line(std::string_view place) {
  const auto colon = place.rfind(':');
  if (colon == std::string_view::npos || colon < 3 || colon > longest_path) return false;
  const std::string_view file = place.substr(0, colon), line = place.substr(colon + 1);
  // A guest chose it, and it becomes part of a command of gdb, whose expressions can call functions of gdb.
  if (!std::all_of(file.begin(), file.end(), is_in_paths) || file.front() == '-') return false;
  return (file.ends_with(".c") || file.ends_with(".h") || file.ends_with(".S")) && !line.empty() &&
         line.size() <= 6 && line.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string> source_line_commands(std::string_view place) {
  return {fmt::format("break {}", place), "info breakpoints"};
}

KernelPlace parse_source_line(std::string_view gdb_output, std::string_view place) {
  KernelPlace out;
  std::string elsewhere;
  const std::string_view line = place.substr(place.rfind(':'));
  for (const auto text : lines(gdb_output)) {
    // "1.2    y   0xffffffff81112600 in gup_fast_pte_range at mm/gup.c:2983", or "<gup_fast+12>" without a
    // line.
    if (text.find("No symbol table is loaded") != std::string_view::npos) {
      out.problem = fmt::format(
          "{}: this kernel has no debug information; set CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT=y in a "
          "fragment, or name a function",
          place);
      out.lacking = true;
      return out;
    }
    const auto start = text.find(" 0x"), in = text.find(" in "), at = text.rfind(" at ");
    if (start == std::string_view::npos || in == std::string_view::npos || at == std::string_view::npos)
      continue;
    const auto address = hex_value(text.substr(start + 3, text.find(' ', start + 3) - start - 3));
    if (!address || text.starts_with("Breakpoint")) continue;
    if (text.ends_with(line)) {
      out.addresses.push_back(*address);
    } else {
      elsewhere = text.substr(at + 4);
    }
  }
  if (!out.addresses.empty()) return out;
  out.problem = elsewhere.empty()
                    ? fmt::format(
                          "this kernel has no code of {}; name a file that it was built from, as in "
                          "mm/gup.c:LINE",
                          place)
                    : fmt::format("{} has no code; the next line with some is {}", place, elsewhere);
  return out;
}

}  // namespace pinrig::vm
