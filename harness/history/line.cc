// SPDX-License-Identifier: GPL-2.0
#include "history/line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::history {
namespace {

/// Of the tests of a guest, cases not counted.
struct Share {
  int tests = 0;
  int red = 0;
};

Share share_of(const Line& line, const std::vector<Mark>& marks) {
  Share out;
  for (const auto& m : marks) {
    if (!line.names[m.name].case_name.empty()) continue;
    const State s = state_of(m.verdict, m.rule);
    if (!usable(s)) continue;
    ++out.tests;
    if (is_red(s)) ++out.red;
  }
  return out;
}

void mark_accel(Column& column) {
  const auto first = std::find_if(column.nights.begin(), column.nights.end(),
                                  [](const Built& b) { return !b.accel.empty(); });
  if (first == column.nights.end()) return;
  for (auto& b : column.nights) b.other_accel = !b.accel.empty() && b.accel != first->accel;
}

std::string of(const std::string& value) { return value.empty() ? "none" : value; }

}  // namespace

std::string difference(const LineKey& there, const LineKey& here) {
  std::vector<std::string> parts;
  const auto add = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) parts.push_back(fmt::format("the {} is {} there and {} here", what, of(a), of(b)));
  };
  add("run file", there.spec, here.spec);
  add("base", there.base, here.base);
  add("series", there.series, here.series);
  add("choice of tests", there.selection, here.selection);
  return join(parts, ", ");
}

std::string to_string(const ColumnKey& key) {
  std::string out = fmt::format("{} {}", key.point, model::to_string(key.arch));
  if (!key.config.empty()) out += " " + key.config;
  return out;
}

std::string to_string(const RowName& name) {
  return name.case_name.empty() ? name.test : name.test + ":" + name.case_name;
}

void fill(Line& line, const std::vector<GuestMarks>& guests) {
  for (auto& c : line.columns) {
    c.cells.assign(line.names.size() * line.nights.size(), Cell{});
    mark_accel(c);
  }
  for (const auto& g : guests) {
    auto& column = line.columns[g.column];
    auto& built = column.nights[g.night];
    const Share share = share_of(line, g.marks);
    built.tests += share.tests;
    built.red += share.red;
    const bool broken = share.tests >= least_tests && share.red * 4 > share.tests;
    built.broken = built.broken || broken;
    if (built.other_accel) continue;
    for (const auto& m : g.marks) {
      State s = state_of(m.verdict, m.rule);
      if (broken && s != State::skipped) s = State::unusable;
      auto& cell = column.cells[m.name * line.nights.size() + g.night];
      if (s > cell.state) cell = {s, m.verdict};
    }
  }
}

}  // namespace pinrig::history
