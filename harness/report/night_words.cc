// SPDX-License-Identifier: GPL-2.0
#include "report/night_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"

namespace pinrig::report {

std::string column_word(const history::Line& line, std::size_t column) {
  std::set<std::string> points;
  for (const auto& c : line.columns) points.insert(c.key.point);
  const auto& key = line.columns[column].key;
  std::string out = model::to_string(key.arch);
  if (points.size() > 1) out = key.point + " " + out;
  if (!key.config.empty()) out += " " + key.config;
  return out;
}

std::string columns_words(const history::Line& line, const std::vector<std::size_t>& columns) {
  std::vector<std::string> words;
  for (const auto c : columns) words.push_back(column_word(line, c));
  return join(words, ", ");
}

std::string number_text(history::Number number, double value) {
  const std::string unit = history::unit_of(number);
  const std::string digits =
      number == history::Number::wall_s ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
  return unit.empty() ? digits : digits + " " + unit;
}

std::string section_words(history::Section section) {
  std::string out = history::heading_of(section);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

const char* mark_of(const history::Cell& cell, bool unicode) {
  switch (cell.state) {
    case history::State::absent:
      return " ";
    case history::State::green:
      return unicode ? "✓" : ".";
    case history::State::skipped:
      return "-";
    case history::State::known:
      return "x";
    case history::State::gone:
      return "X";
    case history::State::unlisted:
      return unicode ? "–" : "s";
    case history::State::unusable:
      return cell.verdict == model::Verdict::missing ? "?" : "!";
    case history::State::red:
      break;
  }
  switch (cell.verdict) {
    case model::Verdict::leak:
      return unicode ? "▲" : "L";
    case model::Verdict::crash:
      return unicode ? "☠" : "C";
    case model::Verdict::timeout:
      return unicode ? "⧖" : "T";
    default:
      return unicode ? "✗" : "F";
  }
}

}  // namespace pinrig::report
