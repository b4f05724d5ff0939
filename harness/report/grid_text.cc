// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/night_words.h"
#include "report/nights.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

std::string painted(const Painter& p, const history::Cell& cell) {
  const std::string mark = mark_of(cell, p.style().unicode);
  switch (cell.state) {
    case history::State::red:
    case history::State::gone:
    case history::State::unlisted:
      return p.bad(mark);
    case history::State::unusable:
      return p.warn(mark);
    case history::State::green:
      return p.good(mark);
    default:
      return p.dim(mark);
  }
}

std::string grid_name(const NightData& data, const history::GridRow& row) {
  std::string out = clean(history::to_string(row.name));
  if (data.line.columns.size() > 1) out += " " + column_word(data.line, row.column);
  return out;
}

std::string right_of(const NightData& data, const history::GridRow& row, bool narrow) {
  const auto& pt = row.pattern;
  std::string out = fmt::format("{} {}/{}", history::to_string(pt.word), pt.red, pt.of);
  if (narrow) return out;
  out += fmt::format(", {}, streak {}", count_of(static_cast<std::size_t>(pt.flips), "flip"), pt.streak);
  if (pt.red_now) out += ", since " + data.line.nights[row.since].run_id;
  return out;
}

struct NightLayout {
  std::size_t name = 0;
  std::size_t right = 0;
  std::size_t nights = 0;
  bool narrow = false;
};

NightLayout layout_of(const NightData& data, const history::Grid& grid, const Painter& p) {
  NightLayout out;
  out.narrow = p.width() < 110;
  for (const auto& row : grid.rows) {
    out.name = std::max(out.name, width_of(grid_name(data, row)));
    out.right = std::max(out.right, width_of(right_of(data, row, out.narrow)));
  }
  out.name = std::min(out.name, p.width() * 2 / 5);
  const std::size_t taken = out.name + out.right + 4;
  out.nights = std::min(grid.nights, p.width() > taken + 5 ? p.width() - taken : 5);
  return out;
}

/// Longer names lose their middle.
std::string fitted(const Painter& p, const std::string& name, std::size_t width) {
  if (width_of(name) <= width || width < 8) return pad(name, width);
  const std::size_t tail = width / 2;
  return name.substr(0, width - tail - 1) + p.sign("…", "~") + name.substr(name.size() - tail);
}

std::string head_of(const NightData& data, const NightLayout& l) {
  const auto& nights = data.line.nights;
  const auto& key = data.line.key;
  std::string out = fmt::format("{} on {}", key.spec, key.base);
  if (!key.series.empty()) out += " with " + key.series;
  return clean(fmt::format("{}: {}, newest left: {} to {}", out, count_of(l.nights, "night"),
                           nights[0].run_id, nights[l.nights - 1].run_id));
}

/// Under which kernel the marks below are: a bar where the kernel of the first column changed.
std::string kernel_row(const NightData& data, const NightLayout& l, const Painter& p) {
  std::string out;
  const auto& nights = data.line.columns.front().nights;
  for (std::size_t i = 0; i < l.nights; ++i) {
    const bool changed = i + 1 < nights.size() && !nights[i].key.empty() && !nights[i + 1].key.empty() &&
                         nights[i].key != nights[i + 1].key;
    out += changed ? p.sign("┘", "|") : " ";
  }
  return out;
}

}  // namespace

std::string grid_text(const NightData& data, const history::Grid& grid, const Style& style) {
  const Painter p(style);
  const NightLayout l = layout_of(data, grid, p);
  std::string out = hanging(p, "", head_of(data, l));
  if (grid.nights > l.nights)
    out += p.dim(fmt::format("{} more do not fit into {} columns\n",
                             count_of(grid.nights - l.nights, "earlier night"), p.width()));
  for (const auto& line : grid.broken) out += hanging(p, "broken kernel: ", clean(line));
  if (!grid.rows.empty() && !data.line.columns.empty()) {
    const auto bars = kernel_row(data, l, p);
    if (bars.find_first_not_of(' ') != std::string::npos)
      out += p.dim(pad("another kernel from here on", l.name)) + "  " + p.dim(bars) + "\n";
  }
  for (const auto& row : grid.rows) {
    std::string line = fitted(p, grid_name(data, row), l.name) + "  ";
    for (std::size_t i = 0; i < l.nights; ++i) line += painted(p, row.cells[i]);
    out += line + "  " + right_of(data, row, l.narrow) + "\n";
  }
  std::vector<std::string> rest;
  if (grid.quiet > 0) rest.push_back(count_of(grid.quiet, "row") + " never red");
  if (grid.stale > 0) rest.push_back(count_of(grid.stale, "row") + " stale");
  if (!rest.empty()) out += p.dim(fmt::format("not shown: {} (--all)", join(rest, ", "))) + "\n";
  if (grid.rows.empty() && rest.empty()) out += "no row matches\n";
  return out;
}

}  // namespace pinrig::report
