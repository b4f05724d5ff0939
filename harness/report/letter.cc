// SPDX-License-Identifier: GPL-2.0
#include "report/letter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

constexpr const char* ellipsis = " ...";

std::string with_ellipsis(std::string line) {
  constexpr std::size_t most = Letter::room - 4;
  if (line.size() > most) line.resize(most);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + ellipsis;
}

void cut_to(std::vector<std::string>& lines, std::size_t most) {
  if (lines.size() <= most) return;
  lines.resize(most);
  if (!lines.empty() && !lines.back().ends_with(ellipsis)) lines.back() = with_ellipsis(lines.back());
}

}  // namespace

std::string ascii(const std::string& text) {
  std::string out;
  for (const char c : clean(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      out += c;
    else if ((byte & 0xc0) == 0xc0)  // one '?' for each character
      out += '?';
  }
  return out;
}

void Letter::add(const std::string& key, const std::string& text, std::size_t most, std::size_t least,
                 int rank) {
  Part part{key, wrap(ascii(text), room), least, rank};
  cut_to(part.lines, most);
  parts_.push_back(std::move(part));
}

void Letter::add_lines(const std::string& key, const std::vector<std::string>& lines, std::size_t least,
                       int rank) {
  Part part{key, {}, least, rank};
  for (const auto& line : lines) {
    const auto plain = ascii(line);
    part.lines.push_back(plain.size() > room ? with_ellipsis(plain) : plain);
  }
  if (!part.lines.empty()) parts_.push_back(std::move(part));
}

std::string Letter::text() const {
  auto parts = parts_;
  std::size_t total = 0;
  for (const auto& p : parts) total += p.lines.size();
  while (total > most_lines) {
    Part* longest = nullptr;
    for (auto& p : parts) {
      if (p.lines.size() > p.least && (longest == nullptr || p.rank > longest->rank)) longest = &p;
    }
    if (longest == nullptr) break;
    cut_to(longest->lines, longest->lines.size() - 1);
    --total;
  }
  std::string out;
  for (const auto& p : parts) {
    for (std::size_t i = 0; i < p.lines.size(); ++i)
      out += pad(i == 0 ? p.key : "", indent) + p.lines[i] + "\n";
  }
  return out;
}

std::string list_within(const std::vector<std::string>& words, std::size_t columns) {
  for (std::size_t n = words.size(); n > 0; --n) {
    const std::vector<std::string> first(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(n));
    const std::string text =
        join(first, ", ") + (n == words.size() ? "" : fmt::format(" and {} more", words.size() - n));
    if (text.size() <= columns) return text;
  }
  return words.empty() ? "" : std::to_string(words.size());
}

}  // namespace pinrig::report
