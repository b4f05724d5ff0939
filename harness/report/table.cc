// SPDX-License-Identifier: GPL-2.0
#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/cells.h"

namespace pinrig::report {
namespace {

using Columns = std::vector<const KernelData*>;

constexpr std::size_t gap = 2;
constexpr const char* same_code = "= no change";  ///< of a point that was not booted

/// How wide everything is for some columns in one layout.
struct Grid {
  Layout layout;
  std::size_t name = 0;
  std::vector<Column> columns;
  std::vector<bool> begins;  ///< column i is the first of its architecture, and not of the table

  std::size_t total() const {
    std::size_t sum = name;
    for (std::size_t c = 0; c < columns.size(); ++c) sum += gap + columns[c].whole + (begins[c] ? gap : 0);
    return sum;
  }
};

std::string short_name(const std::string& test) {
  const auto slash = test.find('/');
  return slash == std::string::npos ? test : test.substr(slash + 1);
}

/// What stopped a kernel, in a word or two; empty when nothing did.
std::string outcome_words(const KernelData& k) {
  std::string s;
  if (!k.built()) {
    s = not_tried(k.row.state) ? "not tried" : store::to_string(k.row.state);
  } else {
    const auto bad =
        std::find_if(k.guests.begin(), k.guests.end(), [](const auto& g) { return !g.completed(); });
    if (bad == k.guests.end()) return "";
    s = bad->row.outcome ? model::to_string(bad->row.outcome->kind) : "not finished";
  }
  std::replace(s.begin(), s.end(), '_', ' ');
  return s;
}

std::string head_of(const KernelData& k) {
  return model::to_string(k.row.arch) + (k.row.config.name.empty() ? "" : " " + k.row.config.name);
}

Grid measure(const RunData& data, const Columns& columns, const Layout& layout, const Painter& p) {
  Grid g;
  g.layout = layout;
  g.name = 12;
  for (const auto& t : data.tests) g.name = std::max(g.name, std::min(short_name(t).size() + 2, layout.name));
  for (const KernelData* j : columns) {
    Column c = measure_column(*j, layout, p);
    c.whole =
        std::max({c.whole, width_of(head_of(*j)), width_of(j->row.point.label), outcome_words(*j).size(),
                  j->row.inherits.empty() ? 0 : std::string_view(same_code).size()});
    g.columns.push_back(c);
    g.begins.push_back(j != columns.front() && head_of(*j) != head_of(*columns[g.begins.size() - 1]));
  }
  return g;
}

/// A name in lines of at most `width` columns, broken behind '_', '-', ':' or a space where there is one.
std::vector<std::string> break_name(std::string name, std::size_t width, const std::string& indent) {
  std::vector<std::string> out;
  std::string lead = indent;
  while (lead.size() + width_of(name) > width) {
    const std::size_t room = width - lead.size();
    std::size_t at = name.substr(0, room).find_last_of("_-: ");
    at = at == std::string::npos || at < room / 2 ? room : at + 1;
    while (at < name.size() && (static_cast<unsigned char>(name[at]) & 0xc0) == 0x80) ++at;
    if (at >= name.size()) break;
    out.push_back(lead + name.substr(0, at));
    name.erase(0, at);
    lead = indent + "  ";
  }
  out.push_back(lead + name);
  return out;
}

/// As many lines as the tallest of the cells and the name need.
std::string put_row(const Grid& g, const std::vector<std::string>& name,
                    const std::vector<std::vector<std::string>>& cells, const Painter& p) {
  const std::string bar = p.dim(p.sign(" │", " |"));
  std::string out;
  std::size_t height = name.size();
  for (const auto& c : cells) height = std::max(height, c.size());
  for (std::size_t line = 0; line < height; ++line) {
    std::string text = pad(line < name.size() ? name[line] : "", g.name);
    for (std::size_t c = 0; c < cells.size(); ++c)
      text += (g.begins[c] ? bar : "") + std::string(gap, ' ') +
              pad(line < cells[c].size() ? cells[c][line] : "", g.columns[c].whole);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string header(const Grid& g, const Columns& columns, const Painter& p) {
  std::vector<std::vector<std::string>> cells;
  const KernelData* before = nullptr;
  for (const KernelData* j : columns) {
    const bool same = before != nullptr && head_of(*before) == head_of(*j);
    std::vector<std::string> c{same ? "" : p.bold(head_of(*j)), p.bold(j->row.point.label)};
    if (const auto stopped = outcome_words(*j); !stopped.empty()) c.push_back(p.bad(stopped));
    if (!j->row.inherits.empty()) c.push_back(p.dim(same_code));
    cells.push_back(std::move(c));
    before = j;
  }
  return put_row(g, {""}, cells, p) + p.rule(std::min(g.total(), p.width())) + "\n";
}

/// Every case of a test in any of the columns, in the order of their first appearance.
std::vector<std::string> case_names(const std::string& test, const Columns& columns) {
  std::vector<std::string> out;
  for (const KernelData* j : columns) {
    const TestData* t = j->find(test);
    if (t == nullptr) continue;
    for (const auto& c : t->cases) {
      if (std::find(out.begin(), out.end(), c.verdict().case_name) == out.end())
        out.push_back(c.verdict().case_name);
    }
  }
  return out;
}

std::string case_rows(const Grid& g, const std::string& test, const Columns& columns, const Painter& p) {
  std::string out;
  for (const auto& name : case_names(test, columns)) {
    std::vector<std::vector<std::string>> cells;
    for (const KernelData* j : columns) {
      const TestData* t = j->find(test);
      const Row* found = nullptr;
      for (std::size_t i = 0; t != nullptr && i < t->cases.size(); ++i) {
        if (t->cases[i].verdict().case_name == name) found = &t->cases[i];
      }
      cells.push_back({found != nullptr ? verdict_text(*found, p, g.layout.label) : p.dim(p.sign("·", "."))});
    }
    auto parts = break_name(name, g.name, "    ");
    for (auto& part : parts) part = p.dim(part);
    out += put_row(g, parts, cells, p);
  }
  return out;
}

std::string block(const RunData& data, const Columns& columns, const Grid& g, const Painter& p) {
  std::string out = header(g, columns, p);
  std::string suite;
  for (const auto& test : data.tests) {
    if (suite_of(test) != suite) {
      suite = suite_of(test);
      out += p.cyan(suite) + "\n";
    }
    std::vector<std::vector<std::string>> cells;
    for (std::size_t c = 0; c < columns.size(); ++c)
      cells.push_back(
          cell_lines(columns[c]->not_built() ? nullptr : columns[c]->find(test), g.layout, g.columns[c], p));
    out += put_row(g, break_name(short_name(test), g.name, "  "), cells, p);
    if (p.style().verbose) out += case_rows(g, test, columns, p);
  }
  return out;
}

/// The first layout that fits; nothing when none does.
std::optional<Grid> fitting(const RunData& data, const Columns& columns, const Painter& p) {
  static constexpr std::array<Layout, 12> layouts{{{false, 0, 40},
                                                   {false, 1, 40},
                                                   {false, 0, 26},
                                                   {false, 1, 26},
                                                   {true, 0, 40},
                                                   {true, 1, 40},
                                                   {true, 1, 26},
                                                   {true, 1, 22},
                                                   {true, 1, 20},
                                                   {true, 1, 18},
                                                   {true, 2, 26},
                                                   {true, 2, 18}}};
  for (const Layout& layout : layouts) {
    Grid g = measure(data, columns, layout, p);
    if (g.total() <= p.width()) return g;
  }
  return std::nullopt;
}

std::vector<std::string> heads_of(const Columns& columns) {
  std::vector<std::string> out;
  for (const KernelData* k : columns) {
    if (out.empty() || out.back() != head_of(*k)) out.push_back(head_of(*k));
  }
  return out;
}

/// As few blocks as the width allows: all columns, else blocks for each architecture, each beginning with its
/// base.
std::vector<Columns> blocks_of(const RunData& data, const Painter& p) {
  Columns all;
  for (const auto& k : data.kernels) all.push_back(&k);
  if (fitting(data, all, p)) return {all};
  std::vector<Columns> out;
  for (const auto& head : heads_of(all)) {
    Columns block;
    const KernelData* base = nullptr;
    for (const KernelData* j : all) {
      if (head_of(*j) != head) continue;
      if (base == nullptr) base = j;
      block.push_back(j);
      if (block.size() == 1 || fitting(data, block, p)) continue;
      block.pop_back();
      out.push_back(std::exchange(block, {base, j}));
      if (!fitting(data, block, p)) block = {j};
    }
    out.push_back(block);
  }
  return out;
}

std::string legend(const RunData& data, bool stars, const Painter& p) {
  std::string out;
  bool pins = false;
  bool skew = false;
  for (const auto& k : data.kernels) {
    for (const TestData* t : k.tests()) {
      const auto& l = t->row.result.ledger;
      pins = pins || (l && l->available);
      skew = skew || (l && l->available && l->outstanding() == 0 && l->acquired() != l->released());
    }
  }
  if (pins)
    out += hanging(
        p, "pins: ", "base pages acquired/released, then pages left pinned (+) or unpinned too often (-)");
  if (skew) out += "skew: pins that legacy direct I/O does not count; the ledger corrects for them\n";
  if (stars) out += "* as expected or known   ! not as expected   ? not assessed yet\n";
  return out;
}

}  // namespace

std::string table(const RunData& data, const Painter& p) {
  if (data.tests.empty()) return "";
  std::string out;
  bool stars = false;
  for (const auto& columns : blocks_of(data, p)) {
    const auto fits = fitting(data, columns, p);
    const Grid g = fits ? *fits : measure(data, columns, {true, 2, 18}, p);
    stars = stars || g.layout.label == 2;
    out += (out.empty() ? "" : "\n") + block(data, columns, g, p);
  }
  return out + legend(data, stars, p);
}

}  // namespace pinrig::report
