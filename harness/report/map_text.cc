// SPDX-License-Identifier: GPL-2.0
// The map as text.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/map.h"
#include "report/notes.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

using State = MapCell::State;

const char* word_of(State s) {
  switch (s) {
    case State::not_run:
      return "not run";
    case State::skip:
      return "not here";
    case State::pass:
      return "pass";
    case State::xfail:
      return "xfail";
    case State::known:
      return "known issue";
    case State::fail:
      return "FAIL";
  }
  return "?";
}

std::string cell_text(const MapLine& line, const MapCell& cell, Notes& notes) {
  if (!line.row.not_testable.empty()) return "-";
  if (line.tests.empty()) return "no test";
  std::string out = word_of(cell.state);
  if (cell.state == State::pass && cell.tests > 1) out += fmt::format(" ({})", cell.tests);
  if (!cell.note.empty()) out += fmt::format(" [{}]", notes.number(cell.note));
  if (cell.state != State::pass && cell.passed > 0) out += fmt::format(", {} pass", cell.passed);
  return out;
}

std::string coloured(const std::string& text, const MapCell& cell, const Painter& p) {
  switch (cell.state) {
    case State::fail:
      return p.bad(text);
    case State::pass:
      return p.good(text);
    case State::known:
    case State::xfail:
      return p.warn(text);
    default:
      return p.dim(text);
  }
}

std::string summary(const PinMap& map) {
  const auto count = [&](auto which) { return std::count_if(map.lines.begin(), map.lines.end(), which); };
  const auto reasoned = count([](const MapLine& l) { return !l.row.not_testable.empty(); });
  const auto bare = count([](const MapLine& l) { return l.row.not_testable.empty() && l.tests.empty(); });
  return fmt::format("{} rows: {} with tests, {} not testable, {} without a test\n", map.lines.size(),
                     static_cast<std::ptrdiff_t>(map.lines.size()) - reasoned - bare, reasoned, bare);
}

}  // namespace

std::string map_terminal(const PinMap& map, const Style& style) {
  const Painter p(style);
  Notes notes;
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  std::size_t id = 3;
  for (const auto& c : map.columns) widths.push_back(c.name.size());
  for (const auto& line : map.lines) {
    id = std::max(id, line.row.id.size());
    cells.emplace_back();
    for (std::size_t c = 0; c < map.columns.size(); ++c) {
      cells.back().push_back(cell_text(line, line.cells[c], notes));
      widths[c] = std::max(widths[c], cells.back().back().size());
    }
  }
  std::string out = pad(p.bold("row"), id);
  for (std::size_t c = 0; c < map.columns.size(); ++c)
    out += "  " + pad(p.bold(map.columns[c].name), widths[c]);
  out += "\n";
  for (std::size_t i = 0; i < map.lines.size(); ++i) {
    const auto& line = map.lines[i];
    std::string first = pad(line.row.id, id);
    for (std::size_t c = 0; c < map.columns.size(); ++c)
      first += "  " + pad(coloured(cells[i][c], line.cells[c], p), widths[c]);
    out += hanging(
        p, first + "  ",
        line.row.what + (line.row.not_testable.empty() ? "" : "; not testable: " + line.row.not_testable));
  }
  out += "\n";
  for (std::size_t n = 0; n < notes.texts().size(); ++n)
    out += hanging(p, fmt::format("[{}] ", n + 1), notes.texts()[n]);
  return out + summary(map) + kernels_text(map.columns) + "\n";
}

std::string map_markdown(const PinMap& map) {
  Notes notes;
  std::string head = "| row | what |";
  std::string rule = "|---|---|";
  for (const auto& c : map.columns) {
    head += fmt::format(" {} |", c.name);
    rule += "---|";
  }
  std::string out = head + " tests |\n" + rule + "---|\n";
  for (const auto& line : map.lines) {
    out += fmt::format("| {} | {} |", line.row.id, escaped_cell(line.row.what));
    for (const auto& cell : line.cells) out += fmt::format(" {} |", cell_text(line, cell, notes));
    const std::string tests =
        line.row.not_testable.empty() ? join(line.tests, ", ") : "not testable: " + line.row.not_testable;
    out += fmt::format(" {} |\n", escaped_cell(tests));
  }
  out += "\n" + summary(map) + "\n" + kernels_text(map.columns) + "\n";
  for (std::size_t n = 0; n < notes.texts().size(); ++n)
    out += fmt::format("\n[{}] {}\n", n + 1, notes.texts()[n]);
  return out;
}

}  // namespace pinrig::report
