// SPDX-License-Identifier: GPL-2.0
#include "report/map.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/run_data.h"

namespace pinrig::report {
namespace {

using State = MapCell::State;
/// Column, test: what came of it.
using Found = std::map<std::string, std::map<std::string, MapCell>>;

std::string said(const model::TestVerdict& v) {
  return fmt::format("{}{}", model::to_string(v.verdict), v.detail.empty() ? "" : ": " + v.detail);
}

std::string first_bad(const TestData& t) {
  if (!t.row.expected()) return said(t.row.verdict());
  for (const auto& c : t.cases) {
    if (!c.expected()) return c.verdict().case_name + " " + said(c.verdict());
  }
  return "";
}

std::string issue_text(const Row& row) {
  return fmt::format("known issue {}: {}", row.assessment->reference, row.assessment->reason);
}

MapCell cell_of(const TestData& t) {
  const auto& own = t.row.verdict();
  const auto known = std::find_if(t.cases.begin(), t.cases.end(), is_known_issue);
  if (!t.as_expected()) return {State::fail, 1, 0, own.test + " " + first_bad(t)};
  if (is_known_issue(t.row)) return {State::known, 1, 0, issue_text(t.row)};
  if (known != t.cases.end()) return {State::known, 1, 0, issue_text(*known)};
  if (own.verdict == model::Verdict::skip) return {State::skip, 1, 0, own.test + ": " + own.detail};
  // What a test expects to fail it says case by case.
  const auto failing = std::find_if(t.cases.begin(), t.cases.end(), [](const Row& c) {
    return c.verdict().verdict == model::Verdict::xfail;
  });
  if (failing != t.cases.end())
    return {State::xfail, 1, 0,
            fmt::format("{} {}: {}", own.test, failing->verdict().case_name, failing->verdict().detail)};
  if (own.verdict != model::Verdict::pass)
    return {State::xfail, 1, 0,
            fmt::format("{} {}: {}", own.test, model::to_string(own.verdict),
                        reason_of(t.row).empty() ? own.detail : reason_of(t.row))};
  return {State::pass, 1, 0, ""};
}

void collect(const RunData& data, Found& found, std::vector<KernelColumn>& columns) {
  for (const auto& k : data.kernels) {
    if (!is_unpatched(data.run, k.row)) continue;
    for (const TestData* t : k.tests()) {
      // Nothing is known of a test whose guest never got there, nor whether what was seen is as it should be.
      if (t->row.verdict().verdict == model::Verdict::missing) continue;
      if (!t->row.assessment && is_bad(t->row.verdict().verdict)) continue;
      found[note_column(columns, data.run, k.row.arch, k.release())].emplace(t->row.verdict().test,
                                                                             cell_of(*t));
    }
  }
}

/// A pass and a skip are a pass: something was tested. Otherwise the worse one counts.
void fold(MapCell& into, const MapCell& cell) {
  const int passed = into.passed + (cell.state == State::pass ? 1 : 0);
  if (cell.state == into.state)
    ++into.tests;
  else if (cell.state > into.state)
    into = cell;
  into.passed = passed;
}

MapLine line_of(const model::MapRow& row, const std::vector<model::Suite>& suites, const Found& found,
                const std::vector<KernelColumn>& columns) {
  MapLine line{row, {}, std::vector<MapCell>(columns.size())};
  for (const auto& s : suites) {
    for (const auto& t : s.tests) {
      if (std::find(t.rows.begin(), t.rows.end(), row.id) == t.rows.end()) continue;
      line.tests.push_back(t.name);
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const auto& tests = found.at(columns[c].name);
        if (const auto it = tests.find(t.name); it != tests.end()) fold(line.cells[c], it->second);
      }
    }
  }
  return line;
}

}  // namespace

Result<PinMap> pin_map(const std::vector<model::MapRow>& rows, const std::vector<model::Suite>& suites,
                       const store::Store& store, const std::vector<store::RunRow>& runs) {
  PinMap out;
  Found found;
  for (const auto& run : runs) {
    PINRIG_TRY(data, load(store, run));
    collect(data, found, out.columns);
  }
  sort_columns(out.columns);
  for (const auto& row : rows) out.lines.push_back(line_of(row, suites, found, out.columns));
  return out;
}

}  // namespace pinrig::report
