// SPDX-License-Identifier: GPL-2.0
#include "report/text_layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace pinrig::report {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Bytes of the UTF-8 sequence at the front of `s`; 0 when there is none (overlong and surrogates included).
std::size_t sequence_length(std::string_view s) {
  const auto b = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto more = [&](std::size_t i) { return (b(i) & 0xc0) == 0x80; };
  if (b(0) < 0x80) return 1;
  if (b(0) >= 0xc2 && b(0) <= 0xdf && more(1)) return 2;
  if (b(0) >= 0xe0 && b(0) <= 0xef && more(1) && more(2)) {
    const bool overlong = b(0) == 0xe0 && b(1) < 0xa0;
    const bool surrogate = b(0) == 0xed && b(1) >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (b(0) >= 0xf0 && b(0) <= 0xf4 && more(1) && more(2) && more(3)) {
    const bool out_of_range = (b(0) == 0xf0 && b(1) < 0x90) || (b(0) == 0xf4 && b(1) >= 0x90);
    return out_of_range ? 0 : 4;
  }
  return 0;
}

/// Bytes that `columns` columns of `s` take.
std::size_t bytes_of(std::string_view s, std::size_t columns) {
  std::size_t i = 0;
  while (i < s.size()) {
    if (!continues(s[i]) && columns-- == 0) break;
    ++i;
  }
  return i;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const unsigned char c = static_cast<unsigned char>(text[0]);
    const std::size_t n = sequence_length(text);
    // C1 controls (U+0080 to U+009F) drive terminals just as well as the C0 ones.
    const bool c1 = n == 2 && c == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    // U+FFFE and U+FFFF are no characters: XML 1.0 has no place for them.
    const bool none = n == 3 && (text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf"));
    if (n == 0 || none)
      out += "\xef\xbf\xbd";
    else if (c == '\n' || c == '\t' || c == '\r')
      out += ' ';
    else if (c < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", c);
    else if (c1)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[1]));
    else
      out += text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = std::min(text.find('m', i), text.size());
      continue;
    }
    if (!continues(text[i])) ++n;
  }
  return n;
}

std::string pad(const std::string& text, std::size_t width) {
  const std::size_t w = width_of(text);
  return w < width ? text + std::string(width - w, ' ') : text;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 8);
  std::vector<std::string> out;
  while (!text.empty()) {
    std::size_t n = bytes_of(text, width);
    if (n < text.size() && text[n] != ' ') {
      const std::size_t space = text.substr(0, n).rfind(' ');
      if (space != std::string_view::npos && space > 0) n = space;
    }
    std::string_view line = text.substr(0, n);
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    out.emplace_back(line);
    text.remove_prefix(n);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  if (out.empty()) out.emplace_back();
  return out;
}

std::string Painter::paint(const char* code, const std::string& s) const {
  return style_.color && !s.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, s) : s;
}

std::size_t Painter::width() const { return static_cast<std::size_t>(std::max(style_.width, 40)); }

std::string Painter::rule(std::size_t width) const {
  std::string out;
  for (std::size_t i = 0; i < width; ++i) out += sign("─", "-");
  return dim(out);
}

std::string hanging(const Painter& p, const std::string& first, const std::string& text) {
  const std::size_t indent = width_of(first);
  const std::size_t room = p.width() > indent + 20 ? p.width() - indent : 20;
  std::string out = first;
  bool begun = false;
  for (const auto& line : wrap(text, room)) {
    out += (begun ? std::string(indent, ' ') : "") + line + "\n";
    begun = true;
  }
  return out;
}

std::string escaped_cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

}  // namespace pinrig::report
