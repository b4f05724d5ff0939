// SPDX-License-Identifier: GPL-2.0
#include "report/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinrig::report {
namespace {

using model::Verdict;

constexpr std::size_t least_cases = 16;  ///< counts of cases are not squeezed into less

/// Its text in addition to the verdict.
std::string expectation_label(const Row& row, int label) {
  static constexpr std::array known{" (known issue)", " (known)", "*"};
  static constexpr std::array bad{" (as expected)", " (expected)", "*"};
  static constexpr std::array open{" (not assessed yet)", " (open)", "?"};
  static constexpr std::array good{" (not as expected)", " (unexpected)", "!"};
  const auto at = static_cast<std::size_t>(std::clamp(label, 0, 2));
  const bool is_bad_word = is_bad(row.verdict().verdict);
  if (!row.assessment) return is_bad_word ? open[at] : "";
  if (is_known_issue(row)) return known[at];
  if (row.expected()) return is_bad_word ? bad[at] : "";
  return is_bad_word ? "" : good[at];
}

/// Counts joined with commas into lines of at most `width` columns.
std::vector<std::string> flow(const std::vector<std::string>& pieces, std::size_t width) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string piece = pieces[i] + (i + 1 < pieces.size() ? "," : "");
    if (!out.empty() && width_of(out.back()) + 1 + width_of(piece) <= width)
      out.back() += " " + piece;
    else
      out.push_back(piece);
  }
  return out;
}

std::size_t cases_width(const std::vector<std::string>& pieces) {
  std::size_t longest = 0;
  std::size_t all = 0;
  for (const auto& s : pieces) {
    longest = std::max(longest, width_of(s) + 1);
    all += width_of(s) + 2;
  }
  return std::max(longest, std::min(all, least_cases));
}

}  // namespace

std::string verdict_text(const Row& row, const Painter& p, int label) {
  const Verdict v = row.verdict().verdict;
  const std::string word = model::to_string(v);
  const std::string more = expectation_label(row, label);
  if (!row.expected()) return p.bad(p.sign("✗ ", "! ") + word + more);
  if (v == Verdict::skip) return p.dim(p.sign("- ", "- ") + word);
  if (!row.assessment && is_bad(v)) return p.warn(p.sign("? ", "? ") + word) + p.dim(more);
  const std::string mark = p.sign("✓ ", "  ");
  if (is_bad(v)) return p.good(mark) + p.warn(word) + p.dim(more);
  return p.good(mark + word);
}

std::string pins_text(const Row& row, const Painter& p) {
  if (!row.result.ledger) return "";
  const auto& l = *row.result.ledger;
  if (!l.available) return p.dim("n/a");
  const std::string sum = fmt::format("{}/{}", l.acquired(), l.released());
  const std::string unsettled = l.settled_after ? "" : "?";
  if (l.outstanding() != 0) {
    const std::string left = fmt::format(" {:+}{}", l.outstanding(), unsettled);
    return p.dim(sum) + (row.expected() ? p.warn(left) : p.bad(left));
  }
  // Legacy direct I/O unpins more than the counters saw pinned; the ledger knows and corrects it.
  const bool skewed = l.acquired() != l.released();
  return p.dim(sum + (skewed ? " skew" : "") + unsettled);
}

std::vector<std::string> case_counts(const TestData& t, const Painter& p) {
  static constexpr std::array order{Verdict::crash,   Verdict::leak,  Verdict::fail,  Verdict::timeout,
                                    Verdict::missing, Verdict::error, Verdict::xpass, Verdict::pass,
                                    Verdict::xfail,   Verdict::skip};
  const auto number = [&](Verdict v, bool expected) {
    return std::count_if(t.cases.begin(), t.cases.end(),
                         [&](const Row& c) { return c.verdict().verdict == v && c.expected() == expected; });
  };
  std::vector<std::string> out;
  for (const bool expected : {false, true}) {
    for (const Verdict v : order) {
      const auto n = number(v, expected);
      if (n == 0) continue;
      std::string text = fmt::format("{} {}", n, model::to_string(v));
      // One word twice would look like a slip.
      if (expected && is_bad(v) && number(v, false) > 0) text += " expected";
      if (!expected)
        out.push_back(p.bad(text + (is_bad(v) ? "" : "!")));
      else
        out.push_back(is_bad(v) ? p.warn(text) : p.dim(text));
    }
  }
  return out;
}

Column measure_column(const KernelData& kernel, const Layout& layout, const Painter& p) {
  Column c;
  std::size_t pins = 0;
  for (const TestData* t : kernel.tests()) {
    const std::size_t verdict = width_of(verdict_text(t->row, p, layout.label));
    const std::size_t own = width_of(pins_text(t->row, p));
    c.whole = std::max({c.whole, verdict, cases_width(case_counts(*t, p))});
    if (layout.stacked)
      c.whole = std::max(c.whole, own);
    else if (own > 0)
      c.verdict = std::max(c.verdict, verdict);
    pins = std::max(pins, own);
  }
  if (!layout.stacked) c.whole = std::max(c.whole, c.verdict + 1 + pins);
  return c;
}

std::vector<std::string> cell_lines(const TestData* t, const Layout& layout, const Column& column,
                                    const Painter& p) {
  if (t == nullptr) return {p.dim(p.sign("·", "."))};
  std::vector<std::string> out{verdict_text(t->row, p, layout.label)};
  const std::string pins = pins_text(t->row, p);
  if (!pins.empty() && layout.stacked)
    out.push_back(pins);
  else if (!pins.empty())
    out[0] = pad(out[0], column.verdict) + " " + pins;
  for (auto& line : flow(case_counts(*t, p), column.whole)) out.push_back(std::move(line));
  return out;
}

}  // namespace pinrig::report
