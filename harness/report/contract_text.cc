// SPDX-License-Identifier: GPL-2.0
// The contract as text: a table, notes, what failed, totals.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/contract_grid.h"
#include "report/notes.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

using State = ContractResult::State;
using Texts = std::vector<std::vector<std::string>>;

constexpr std::size_t most_failures = 12;

std::string painted(const Painter& p, State s, const std::string& text) {
  switch (s) {
    case State::fail:
    case State::not_yet:
      return p.bad(text);
    case State::pass:
      return p.good(text);
    case State::known:
    case State::xfail:
      return p.warn(text);
    case State::skip:
      break;
  }
  return p.dim(text);
}

/// "24 1F 3?": passes, then the rest by letter; "-" when nothing applies.
std::string count_text(const ContractCounts& counts, const Painter& p) {
  if (counts.applicable() == 0) return p.dim("-");
  std::vector<std::string> out;
  if (counts.of(State::pass) > 0) out.push_back(p.good(fmt::to_string(counts.of(State::pass))));
  for (const auto s : {State::fail, State::known, State::xfail, State::skip, State::not_yet}) {
    if (counts.of(s) > 0) out.push_back(painted(p, s, fmt::format("{}{}", counts.of(s), letter_of(s))));
  }
  return join(out, " ");
}

/// "✓", "F3", "-1": a sign, and the number of the note.
std::string sign_text(const ContractMatrix& matrix, std::size_t cell, Notes& notes, const Painter& p) {
  const auto noted = [&](const std::string& note) {
    return note.empty() ? "" : fmt::to_string(notes.number(note));
  };
  if (!matrix.cells[cell].applicable())
    return p.dim("-" + noted(not_applicable_text(matrix, matrix.cells[cell])));
  const auto result = folded(matrix, cell);
  if (result.state == State::pass) return p.good(p.sign("✓", "."));
  return painted(p, result.state, letter_of(result.state) + noted(result.note));
}

/// The one reason why nothing in this row applies; empty when there are several, or something applies.
std::string reason_of_row(const ContractMatrix& matrix, const std::vector<std::vector<std::size_t>>& row) {
  std::string reason;
  for (const auto& cells : row) {
    for (const auto i : cells) {
      const std::string text =
          matrix.cells[i].applicable() ? "" : not_applicable_text(matrix, matrix.cells[i]);
      if (text.empty() || (!reason.empty() && text != reason)) return "";
      reason = text;
    }
  }
  return reason;
}

Texts texts_of(const ContractMatrix& matrix, const ContractGrid& grid, bool short_rows, Notes& notes,
               const Painter& p) {
  Texts out;
  for (const auto& row : grid.cells) {
    auto& line = out.emplace_back();
    if (short_rows && grid.single && !reason_of_row(matrix, row).empty()) continue;
    for (const auto& cells : row) {
      if (grid.single)
        line.push_back(cells.empty() ? "" : sign_text(matrix, cells.front(), notes, p));
      else
        line.push_back(count_text(counts_of(matrix, cells), p));
    }
  }
  return out;
}

/// A table, or a part of its columns that fits.
struct Block {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// How a grid is put into lines.
struct GridLayout {
  std::size_t label = 0;            ///< width of the row's names
  std::size_t gap = 2;              ///< before each column
  std::vector<std::size_t> widths;  ///< of the columns
  std::vector<Block> blocks;
};

std::size_t widest(const std::vector<std::string>& texts) {
  std::size_t out = 0;
  for (const auto& t : texts) out = std::max(out, width_of(t));
  return out;
}

GridLayout layout_of(const ContractGrid& grid, const Texts& texts, std::size_t gap, const Painter& p) {
  GridLayout out;
  out.gap = gap;
  // Names of columns stand on the left of their column when it is one sign wide.
  out.label = std::max<std::size_t>(widest(grid.rows), grid.single ? widest(grid.columns) : 4);
  for (std::size_t c = 0; c < grid.columns.size(); ++c) {
    std::size_t w = grid.single ? 1 : width_of(grid.columns[c]);
    for (const auto& line : texts) w = std::max(w, c < line.size() ? width_of(line[c]) : 0);
    out.widths.push_back(w);
  }
  std::size_t used = 0;
  for (std::size_t c = 0; c < out.widths.size(); ++c) {
    const std::size_t need = out.gap + out.widths[c];
    if (out.blocks.empty() || out.label + used + need > p.width()) {
      out.blocks.push_back({c, c});
      used = 0;
    }
    used += need;
    out.blocks.back().end = c + 1;
  }
  return out;
}

/// Columns two apart, or one where that puts them next to each other.
GridLayout layout_of(const ContractGrid& grid, const Texts& texts, const Painter& p) {
  GridLayout wide = layout_of(grid, texts, 2, p);
  if (!grid.single && wide.blocks.size() < 2) return wide;
  GridLayout narrow = layout_of(grid, texts, 1, p);
  return grid.single || narrow.blocks.size() < 2 ? narrow : wide;
}

std::string without_end(std::string line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

/// Names above their columns.
std::string plain_heading(const ContractGrid& grid, const GridLayout& l, const Block& b, const Painter& p) {
  std::string out = pad(p.bold("user"), l.label);
  for (std::size_t c = b.begin; c < b.end; ++c)
    out += std::string(l.gap, ' ') + pad(p.bold(grid.columns[c]), l.widths[c]);
  return without_end(std::move(out));
}

/// A line for each name, which ends above its column; the last column comes first.
std::string stairs_heading(const ContractGrid& grid, const GridLayout& l, const Block& b, const Painter& p) {
  std::string out;
  for (std::size_t named = b.end; named-- > b.begin;) {
    std::size_t before = l.label;
    for (std::size_t c = b.begin; c < named; ++c) before += l.gap + l.widths[c];
    const std::string& name = grid.columns[named];
    out += std::string(before - std::min(before, width_of(name)), ' ') + p.bold(name) +
           std::string(l.gap, ' ') + pad(p.dim(p.sign("┐", "+")), l.widths[named]);
    for (std::size_t c = named + 1; c < b.end; ++c)
      out += std::string(l.gap, ' ') + pad(p.dim(p.sign("│", "|")), l.widths[c]);
    out.erase(out.find_last_not_of(' ') + 1);
    out += "\n";
  }
  return out;
}

std::string table_text(const ContractMatrix& matrix, const ContractGrid& grid, Notes& notes,
                       const Painter& p) {
  const Texts texts = texts_of(matrix, grid, true, notes, p);
  const GridLayout l = layout_of(grid, texts, p);
  std::string out;
  for (const auto& block : l.blocks) {
    if (!out.empty()) out += "\n";
    out += grid.single ? stairs_heading(grid, l, block, p) : plain_heading(grid, l, block, p);
    for (std::size_t r = 0; r < grid.rows.size(); ++r) {
      std::string line = pad(grid.rows[r], l.label);
      if (texts[r].empty()) {
        if (block.begin == 0)
          out += hanging(p, line + std::string(l.gap, ' ') + p.dim("-") + " ",
                         reason_of_row(matrix, grid.cells[r]));
        continue;
      }
      for (std::size_t c = block.begin; c < block.end; ++c)
        line += std::string(l.gap, ' ') + pad(texts[r][c], l.widths[c]);
      out += without_end(std::move(line));
    }
  }
  return out;
}

/// One column for each obligation if that fits, otherwise for each group of them.
ContractGrid fitting_grid(const ContractMatrix& matrix, const ContractView& view, const Painter& p) {
  ContractGrid grid = contract_grid(matrix, view, ContractColumns::obligations);
  if (grid.single) return grid;
  Notes unused;
  const auto layout = layout_of(grid, texts_of(matrix, grid, true, unused, p), p);
  return layout.blocks.size() < 2 ? grid : contract_grid(matrix, view, ContractColumns::groups);
}

/// The cells of the view that failed, with what they said.
std::vector<std::string> failures(const ContractMatrix& matrix, const ContractView& view) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < matrix.cells.size(); ++i) {
    if (!view.shows(matrix.cells[i])) continue;
    for (std::size_t c = 0; c < matrix.columns.size(); ++c) {
      const auto& result = matrix.results[i][c];
      if (result.state == State::fail)
        out.push_back(fmt::format("{} on {}: {}", full_name(matrix.contract, matrix.cells[i]),
                                  matrix.columns[c].name, result.note));
    }
  }
  return out;
}

std::string listed(const std::string& title, const std::vector<std::string>& items, const Painter& p) {
  if (items.empty()) return "";
  std::string out = "\n" + p.bold(title) + "\n";
  for (std::size_t i = 0; i < std::min(items.size(), most_failures); ++i) out += hanging(p, "  ", items[i]);
  if (items.size() > most_failures) out += fmt::format("  and {} more\n", items.size() - most_failures);
  return out;
}

constexpr const char* legend =
    "{} pass, F fail, k known issue, x expected to fail, s skip, ? not yet, - not applicable";

std::string rows_of(const model::Contract& contract, const std::string& user) {
  const auto it = std::find_if(contract.users.begin(), contract.users.end(),
                               [&](const auto& u) { return u.name == user; });
  return it == contract.users.end() ? "" : join(it->rows, ", ");
}

/// What the chosen user, obligation and memory are.
std::string titles(const model::Contract& contract, const ContractView& view, const Painter& p) {
  std::string out;
  const auto add = [&](const std::string& name, const std::string& what, const std::string& rows) {
    out +=
        hanging(p, "", fmt::format("{}: {}{}", name, what, rows.empty() ? "" : fmt::format(" ({})", rows)));
  };
  if (view.user) {
    const auto& user = contract.users[*view.user];
    add(user.test, user.what, join(user.rows, ", "));
  }
  if (view.obligation)
    add(contract.obligations[*view.obligation].name, contract.obligations[*view.obligation].what, "");
  if (view.memory) add(contract.memory[*view.memory].name, contract.memory[*view.memory].what, "");
  return out.empty() ? "" : out + "\n";
}

std::string notes_text(const Notes& notes, const Painter& p) {
  std::string out;
  for (std::size_t n = 0; n < notes.texts().size(); ++n)
    out += hanging(p, pad(fmt::format("{}", n + 1), 3) + " ", notes.texts()[n]);
  return out;
}

/// Of Markdown, in lines as wide as prose may be in a repository.
std::string paragraph(const std::string& text) { return "\n" + join(wrap(text, 120), "\n") + "\n"; }

}  // namespace

std::string contract_terminal(const ContractMatrix& matrix, const ContractView& view, const Style& style) {
  const Painter p(style);
  if (matrix.contract.users.empty()) return "the contract has no users\n";
  Notes notes;
  const ContractGrid grid = fitting_grid(matrix, view, p);
  std::string out = titles(matrix.contract, view, p) + table_text(matrix, grid, notes, p);
  if (!notes.texts().empty()) out += "\n" + notes_text(notes, p);
  if (!grid.single) out += listed("failed", failures(matrix, view), p);
  out += listed("not as expected as a whole", texts_of(matrix.tests, view), p);
  out += listed("not declared: cases in stored results that are no cells",
                texts_of(matrix.not_declared, view), p);
  out += "\n" + hanging(p, "", fmt::format(fmt::runtime(legend), grid.single ? p.sign("✓", ".") : "number:"));
  if (matrix.columns.empty()) out += "no stored run has a test of the contract\n";
  for (const auto& t : totals_of(matrix, view))
    out += (t.kernel.empty() ? "" : t.kernel + "\n  ") + t.counts.text() + "\n";
  return out;
}

std::string contract_markdown(const ContractMatrix& matrix, const ContractView& view) {
  const Painter p(Style{});
  Notes notes;
  const ContractGrid grid = contract_grid(matrix, view, ContractColumns::groups);
  const Texts texts = texts_of(matrix, grid, false, notes, p);
  // The labels of the map, where there is a row for each user.
  const bool labels = !view.user;
  std::string head = labels ? "| user | rows |" : "| obligation |";
  std::string rule = labels ? "|---|---|" : "|---|";
  for (const auto& c : grid.columns) {
    head += fmt::format(" {} |", c);
    rule += "---|";
  }
  std::string out = head + "\n" + rule + "\n";
  for (std::size_t r = 0; r < grid.rows.size(); ++r) {
    out += fmt::format("| {} |", grid.rows[r]);
    if (labels) out += fmt::format(" {} |", rows_of(matrix.contract, grid.rows[r]));
    for (const auto& text : texts[r]) out += fmt::format(" {} |", escaped_cell(text));
    out += "\n";
  }
  out += "\n" + fmt::format(fmt::runtime(legend), grid.single ? "✓" : "number:") + "\n";
  for (const auto& t : totals_of(matrix, view))
    out += paragraph(fmt::format("{}{}{}", t.kernel, t.kernel.empty() ? "" : ": ", t.counts.text()));
  for (std::size_t n = 0; n < notes.texts().size(); ++n)
    out += paragraph(fmt::format("[{}] {}", n + 1, notes.texts()[n]));
  return out;
}

}  // namespace pinrig::report
