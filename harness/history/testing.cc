// SPDX-License-Identifier: GPL-2.0
#include "history/testing.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "base/text.h"

namespace pinrig::history {
namespace {

using model::Rule;
using model::Verdict;

const std::map<char, std::pair<Verdict, Rule>>& cells() {
  static const std::map<char, std::pair<Verdict, Rule>> out{
      {'.', {Verdict::pass, Rule::fine}},         {'F', {Verdict::fail, Rule::failure}},
      {'L', {Verdict::leak, Rule::failure}},      {'C', {Verdict::crash, Rule::failure}},
      {'T', {Verdict::timeout, Rule::failure}},   {'x', {Verdict::fail, Rule::known_issue}},
      {'X', {Verdict::pass, Rule::issue_gone}},   {'s', {Verdict::skip, Rule::unlisted_skip}},
      {'-', {Verdict::skip, Rule::allowed_skip}}, {'!', {Verdict::error, Rule::failure}},
      {'?', {Verdict::missing, Rule::failure}}};
  return out;
}

struct Row {
  std::string column;
  std::string name;
  std::string cells;
};

std::vector<Row> rows_of(const std::string& text) {
  std::vector<Row> out;
  for (const auto line : lines(text)) {
    Row r;
    std::istringstream in{std::string(line)};
    if (line.empty() || line.front() == '#' || !(in >> r.column >> r.name >> r.cells)) continue;
    out.push_back(std::move(r));
  }
  return out;
}

ColumnKey key_of(const std::string& word) {
  const auto slash = word.find('/');
  const auto arch = model::arch_from_string(slash == std::string::npos ? word : word.substr(slash + 1));
  if (!arch) throw std::runtime_error("no architecture: " + word);
  return {slash == std::string::npos ? "base" : word.substr(0, slash), *arch, "", {}};
}

RowName name_of(const std::string& word) {
  const auto colon = word.find(':');
  return {word.substr(0, colon), colon == std::string::npos ? "" : word.substr(colon + 1)};
}

void set_column(Built& b, const std::string& what, char c) {
  if (what == "@kernel") b.key = std::string(1, c);
  if (what == "@accel") b.accel = c == 'k' ? "kvm" : "tcg";
  if (what == "@build") {
    b.planned = c != '-';
    b.failure = c == 'x' ? "build failed: drivers/x.c:1" : "";
  }
}

}  // namespace

Line draw(const std::string& text) {
  const auto rows = rows_of(text);
  Line line;
  std::set<RowName> names;
  std::vector<std::string> columns;
  std::size_t nights = 0;
  for (const auto& r : rows) {
    if (r.name.front() != '@') names.insert(name_of(r.name));
    if (std::find(columns.begin(), columns.end(), r.column) == columns.end()) columns.push_back(r.column);
    if (nights != 0 && nights != r.cells.size()) throw std::runtime_error("rows differ in length: " + r.name);
    nights = r.cells.size();
  }
  line.names.assign(names.begin(), names.end());
  for (std::size_t i = 0; i < nights; ++i) line.nights.push_back({"night" + std::to_string(i), "", 0});
  for (const auto& c : columns) {
    Built built;
    built.planned = true;
    line.columns.push_back({key_of(c), std::vector<Built>(nights, built), {}});
  }
  std::vector<GuestMarks> guests;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::size_t i = 0; i < nights; ++i) {
      GuestMarks g{i, c, {}};
      for (const auto& r : rows) {
        if (r.column != columns[c]) continue;
        if (r.name.front() == '@') {
          set_column(line.columns[c].nights[i], r.name, r.cells[i]);
        } else if (r.cells[i] != '_') {
          const auto& [verdict, rule] = cells().at(r.cells[i]);
          const auto at = std::find(line.names.begin(), line.names.end(), name_of(r.name));
          g.marks.push_back({static_cast<std::uint32_t>(at - line.names.begin()), verdict, rule});
        }
      }
      guests.push_back(std::move(g));
    }
  }
  fill(line, guests);
  return line;
}

}  // namespace pinrig::history
