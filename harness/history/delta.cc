// SPDX-License-Identifier: GPL-2.0
#include "history/delta.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "history/row_change.h"

namespace pinrig::history {
namespace {

std::string word_of(const Cell& c) { return c.state == State::absent ? "" : model::to_string(c.verdict); }

Finding about_column(Section section, std::size_t column, std::string text) {
  Finding f;
  f.section = section;
  f.columns = {column};
  f.text = std::move(text);
  return f;
}

/// What is to be said of a column as a whole, instead of its rows. `rows`: they can be compared.
struct ColumnCheck {
  bool rows = false;
  std::optional<Finding> finding;
  std::string note;
};

ColumnCheck check_column(const Line& line, std::size_t c, std::size_t partner) {
  const auto& column = line.columns[c];
  const auto& now = column.nights[0];
  const auto& before = column.nights[partner];
  if (!now.planned) {
    if (!before.planned) return {};
    return {false, about_column(Section::vanished, c, "this kernel is not part of the run"), ""};
  }
  if (now.tests == 0) {
    const auto why = now.failure.empty() ? "none of its tests has a verdict" : now.failure;
    const auto section = before.tests > 0 ? Section::vanished : Section::still_red;
    return {false, about_column(section, c, why), ""};
  }
  if (now.broken)
    return {
        false,
        about_column(Section::new_red, c,
                     fmt::format("broken kernel: {} of {} are red", now.red, count_of(now.tests, "test"))),
        ""};
  if (before.other_accel)
    return {
        true, std::nullopt,
        fmt::format("{}: {} now and {} on {}: compared with the newest night under {}", to_string(column.key),
                    now.accel, before.accel, line.nights[partner].run_id, now.accel)};
  if (before.broken)
    return {true, std::nullopt,
            fmt::format("{}: broken on {} ({} of {} red): compared with the night before it",
                        to_string(column.key), line.nights[partner].run_id, before.red,
                        count_of(before.tests, "test"))};
  return {true, std::nullopt, ""};
}

/// The rows of a test in one column: one finding for each section, its cases below the test.
class TestFindings {
 public:
  void add(std::size_t column, const RowName& name, const RowChange& change) {
    const auto [it, fresh] = at_.try_emplace({name.test, change.section}, out_.size());
    if (fresh) {
      Finding f;
      f.section = change.section;
      f.test = name.test;
      f.columns = {column};
      out_.push_back(std::move(f));
    }
    Finding& f = out_[it->second];
    if (!name.case_name.empty()) f.cases.push_back(name.case_name);
    if (!fresh && !name.case_name.empty()) return;
    f.from = word_of(change.from);
    f.to = change.to.state == State::absent ? "not planned" : word_of(change.to);
    f.since = change.since;
    f.red = change.red;
    f.of = change.of;
    f.streak = change.pattern.streak;
    f.red_now = change.pattern.red_now;
  }
  std::vector<Finding> take() { return std::move(out_); }

 private:
  std::map<std::pair<std::string, Section>, std::size_t> at_;
  std::vector<Finding> out_;
};

std::vector<Finding> findings_in(const Line& line, std::size_t c, std::size_t partner, int& compared) {
  TestFindings out;
  const auto& nights = line.columns[c].nights;
  for (std::size_t n = 0; n < line.names.size(); ++n) {
    const auto row = line.row(c, n);
    if (usable(row[0].state) && usable(row[partner].state)) ++compared;
    if (const auto change = change_of(row, nights, partner, model::is_harness_row(line.names[n].test)))
      out.add(c, line.names[n], *change);
  }
  return out.take();
}

bool alike(const Finding& a, const Finding& b) {
  return a.section == b.section && a.test == b.test && a.cases == b.cases && a.from == b.from &&
         a.to == b.to && a.text == b.text && a.since == b.since && a.streak == b.streak;
}

/// The same in several columns is one finding.
void merge(std::vector<Finding>& all, std::vector<Finding> more) {
  std::map<std::pair<Section, std::string>, std::vector<std::size_t>> at;
  for (std::size_t i = 0; i < all.size(); ++i) at[{all[i].section, all[i].test}].push_back(i);
  for (auto& f : more) {
    bool merged = false;
    for (const auto i : at[{f.section, f.test}]) {
      if (!alike(all[i], f)) continue;
      all[i].columns.insert(all[i].columns.end(), f.columns.begin(), f.columns.end());
      merged = true;
      break;
    }
    if (!merged) all.push_back(std::move(f));
  }
}

bool has_rows(const Line& line, std::size_t night) {
  for (const auto& c : line.columns) {
    if (c.nights[0].planned && c.nights[night].tests > 0 && !c.nights[night].other_accel &&
        !c.nights[night].broken)
      return true;
  }
  return false;
}

/// Numbers of tests that are green on both nights: a red one has its line already.
void add_numbers(const Line& line, std::size_t partner, const Measures& measures, Delta& out) {
  std::map<std::string, std::size_t> name_of;
  for (std::size_t n = 0; n < line.names.size(); ++n) {
    if (line.names[n].case_name.empty()) name_of[line.names[n].test] = n;
  }
  for (const auto& [at, nights] : measures) {
    const auto name = name_of.find(at.second);
    if (name == name_of.end()) continue;
    const auto row = line.row(at.first, name->second);
    if (row[0].state != State::green) continue;
    auto green_nights = nights;
    for (std::size_t i = 0; i < green_nights.size(); ++i) {
      if (row[i].state != State::green) green_nights[i] = {};
    }
    for (auto& change : changed_numbers(at.first, at.second, green_nights, partner))
      out.numbers.push_back(std::move(change));
  }
}

}  // namespace

const char* to_string(Section section) {
  switch (section) {
    case Section::new_red:
      return "new_red";
    case Section::new_known:
      return "new_known";
    case Section::fixed:
      return "fixed";
    case Section::known_not_seen:
      return "known_not_seen";
    case Section::still_red:
      return "still_red";
    case Section::flaky:
      return "flaky";
    case Section::appeared:
      return "appeared";
    case Section::vanished:
      return "vanished";
  }
  return "?";
}

const char* heading_of(Section section) {
  switch (section) {
    case Section::new_red:
      return "NEW RED";
    case Section::new_known:
      return "new red, explained";
    case Section::fixed:
      return "FIXED";
    case Section::known_not_seen:
      return "known issue not seen";
    case Section::still_red:
      return "still red";
    case Section::flaky:
      return "flaky";
    case Section::appeared:
      return "appeared";
    case Section::vanished:
      return "VANISHED";
  }
  return "?";
}

bool Delta::alarms() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return is_alarm(f.section); });
}

std::optional<std::size_t> default_partner(const Line& line) {
  for (std::size_t i = 1; i < line.nights.size(); ++i) {
    if (has_rows(line, i)) return i;
  }
  return std::nullopt;
}

Delta delta(const Line& line, std::optional<std::size_t> partner, const Measures& measures) {
  Delta out;
  out.partner = partner;
  if (!partner) return out;
  for (std::size_t c = 0; c < line.columns.size(); ++c) {
    auto check = check_column(line, c, *partner);
    if (!check.note.empty()) out.notes.push_back(std::move(check.note));
    if (check.finding) merge(out.findings, {std::move(*check.finding)});
    if (check.rows) merge(out.findings, findings_in(line, c, *partner, out.compared));
  }
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.section < b.section; });
  add_numbers(line, *partner, measures, out);
  return out;
}

}  // namespace pinrig::history
