// SPDX-License-Identifier: GPL-2.0
#include "history/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace pinrig::history {
namespace {

bool is_wanted(const RowName& name, const GridOptions& options) {
  if (!options.cases && !name.case_name.empty()) return false;
  return options.tests.empty() || glob_match(options.tests, name.test) ||
         (options.cases && glob_match(options.tests, to_string(name)));
}

bool never_red(const GridRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(), [](const Cell& c) {
    return c.state == State::green || c.state == State::skipped || c.state == State::known ||
           c.state == State::absent;
  });
}

bool before(const GridRow& a, const GridRow& b) {
  const auto rank = [](const GridRow& r) {
    return std::tuple(!r.pattern.red_now, -r.pattern.flips, r.name, r.column);
  };
  return rank(a) < rank(b);
}

std::vector<std::string> broken_lines(const Line& line, std::size_t nights) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < nights; ++i) {
    for (const auto& c : line.columns) {
      const auto& b = c.nights[i];
      if (b.broken)
        out.push_back(fmt::format("{} on {}: {} of {} red", to_string(c.key), line.nights[i].run_id, b.red,
                                  count_of(static_cast<std::size_t>(b.tests), "test")));
    }
  }
  return out;
}

}  // namespace

Grid grid(const Line& line, const GridOptions& options) {
  Grid out;
  out.nights = std::min(options.nights, line.nights.size());
  for (std::size_t c = 0; c < line.columns.size(); ++c) {
    for (std::size_t n = 0; n < line.names.size(); ++n) {
      if (!is_wanted(line.names[n], options)) continue;
      const auto all = line.row(c, n);
      GridRow row{line.names[n], c, {all.begin(), all.begin() + static_cast<long>(out.nights)}, {}, 0};
      row.pattern = pattern_of(row.cells);
      if (row.pattern.word == Word::stale && !options.all) {
        const bool ever = std::any_of(row.cells.begin(), row.cells.end(),
                                      [](const Cell& cell) { return cell.state != State::absent; });
        out.stale += ever ? 1 : 0;
        continue;
      }
      if (!options.all && never_red(row)) {
        ++out.quiet;
        continue;
      }
      if (row.pattern.red_now) row.since = red_since(all, line.columns[c].nights);
      out.rows.push_back(std::move(row));
    }
  }
  std::stable_sort(out.rows.begin(), out.rows.end(), before);
  out.broken = broken_lines(line, out.nights);
  return out;
}

}  // namespace pinrig::history
