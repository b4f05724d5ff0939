// SPDX-License-Identifier: GPL-2.0
#include "report/text_layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::report {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

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

std::string clean(std::string_view text) { return shown(text); }

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
