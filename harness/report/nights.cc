// SPDX-License-Identifier: GPL-2.0
// From the rows of the store to lines of nights.
#include "report/nights.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace pinrig::report {
namespace {

constexpr std::size_t measured_nights = 31;  ///< tonight, and 30 for the noise

history::LineKey key_of(const store::RunRow& run) { return {run.spec, run.base, run.series, run.selection}; }

std::size_t column_index(history::Line& line, const store::GuestColumn& g) {
  const history::ColumnKey key{g.label, g.arch, g.config.name, g.config.fragments};
  const auto it = std::find_if(line.columns.begin(), line.columns.end(),
                               [&](const history::Column& c) { return c.key == key; });
  if (it != line.columns.end()) return static_cast<std::size_t>(it - line.columns.begin());
  line.columns.push_back({key, std::vector<history::Built>(line.nights.size()), {}});
  return line.columns.size() - 1;
}

std::string failure_of(const store::GuestColumn& g) {
  if (g.state == store::KernelState::built || g.state == store::KernelState::planned) return "";
  std::string out = store::to_string(g.state);
  std::replace(out.begin(), out.end(), '_', ' ');
  return g.failure.empty() ? out : out + ": " + g.failure;
}

void note_guest(history::Built& b, const store::GuestColumn& g) {
  b.planned = true;
  b.id = g.kernel_id;
  b.version = g.version;
  b.key = g.key;
  b.failure = failure_of(g);
  if (b.accel.empty()) b.accel = g.accel;
}

Result<NightData> load_nights(const store::Store& store, std::vector<store::RunRow> runs) {
  NightData out;
  out.line.key = key_of(runs.front());
  for (const auto& r : runs) out.line.nights.push_back({r.id, r.started, r.exit_code});
  PINRIG_TRY(rows, store.nights(runs));
  for (auto& n : rows.names) out.line.names.push_back({std::move(n.test), std::move(n.case_name)});
  std::vector<history::GuestMarks> marks;
  for (std::size_t i = 0; i < rows.guests.size(); ++i) {
    const auto& g = rows.guests[i];
    const std::size_t column = column_index(out.line, g);
    out.column_of.push_back(column);
    note_guest(out.line.columns[column].nights[g.run], g);
    history::GuestMarks& m = marks.emplace_back(history::GuestMarks{g.run, column, {}});
    m.marks.reserve(rows.marks[i].size());
    for (const auto& r : rows.marks[i]) m.marks.push_back({r.name, r.verdict, r.rule});
  }
  history::fill(out.line, marks);
  out.runs = std::move(runs);
  out.guests = std::move(rows.guests);
  return out;
}

history::Measure measure_of(const store::MeasureRow& row) {
  history::Measure out;
  const auto put = [&](history::Number n, double value) { out[static_cast<std::size_t>(n)] = value; };
  put(history::Number::wall_s, row.wall_s);
  put(history::Number::cases, row.cases);
  if (!row.ledger || !row.ledger->available) return out;
  put(history::Number::outstanding, static_cast<double>(row.ledger->outstanding()));
  put(history::Number::settle_ms, row.ledger->settle_ms);
  if (row.ledger->claim && row.ledger->claim->mode != model::PinClaim::Mode::at_least)
    put(history::Number::claimed, static_cast<double>(row.ledger->claim->pages));
  return out;
}

Result<history::Measures> load_measures(const store::Store& store, const NightData& data,
                                        std::size_t partner) {
  history::Measures out;
  const std::size_t nights = std::min(data.line.nights.size(), partner + measured_nights);
  std::map<std::int64_t, std::size_t> place;
  std::vector<std::int64_t> guests;
  for (std::size_t i = 0; i < data.guests.size(); ++i) {
    const auto& g = data.guests[i];
    const bool wanted = g.run == 0 || (g.run >= partner && g.run < nights);
    if (g.guest == 0 || !wanted || data.line.columns[data.column_of[i]].nights[g.run].other_accel) continue;
    place[g.guest] = i;
    guests.push_back(g.guest);
  }
  PINRIG_TRY(rows, store.measures(guests));
  for (const auto& row : rows) {
    const std::size_t at = place.at(row.guest);
    auto& of = out[{data.column_of[at], row.test}];
    of.resize(nights);
    of[data.guests[at].run] = measure_of(row);
  }
  return out;
}

bool wants_detail(history::Section s) {
  return s == history::Section::new_red || s == history::Section::new_known ||
         s == history::Section::appeared || s == history::Section::flaky || s == history::Section::vanished;
}

/// What was seen of a finding, in the first of its columns.
Result<std::string> detail_of(const store::Store& store, const NightData& data, const history::Finding& f) {
  std::vector<std::int64_t> guests;
  for (std::size_t i = 0; i < data.guests.size(); ++i) {
    if (data.guests[i].run == 0 && data.column_of[i] == f.columns.front())
      guests.push_back(data.guests[i].guest);
  }
  PINRIG_TRY(rows, store.history(f.test, f.cases.size() == 1 ? f.cases.front() : "", guests));
  for (const auto& r : rows) {
    if (!r.row.verdict().detail.empty()) return r.row.verdict().detail;
    if (r.row.assessment && !r.row.assessment->reason.empty()) return r.row.assessment->reason;
  }
  return std::string();
}

/// A run of another line as the only earlier night.
Result<NightData> load_pair(const store::Store& store, const store::RunRow& run,
                            const store::RunRow& against) {
  PINRIG_TRY(data, load_nights(store, {run, against}));
  data.other_line = history::difference(key_of(against), key_of(run));
  if (data.other_line.empty()) data.other_line = "it began later, or is a run of its own kind";
  const bool common = std::any_of(data.line.columns.begin(), data.line.columns.end(),
                                  [](const auto& c) { return c.nights[0].planned && c.nights[1].planned; });
  if (common) return data;
  return make_error(
      ErrorKind::bad_usage,
      fmt::format("--against {}: no kernel of it has the point, architecture and configuration of "
                  "one of {} ({})",
                  against.id, run.id, data.other_line),
      "`pinrig list` lists the runs");
}

}  // namespace

Result<NightData> load_line(const store::Store& store, const store::RunRow& run, int limit) {
  PINRIG_TRY(runs, store.line_of(run, limit));
  if (runs.empty()) return make_error(ErrorKind::infra, "run " + run.id + " is not in results.db any more");
  return load_nights(store, std::move(runs));
}

Result<DeltaReport> load_delta(const store::Store& store, const store::RunRow& run,
                               const store::RunRow* against, const std::string& partner_name) {
  if (against != nullptr && against->id == run.id)
    return make_error(ErrorKind::bad_usage, fmt::format("--against {}: that is the run itself", run.id),
                      "name an earlier run, or leave it out");
  DeltaReport out;
  out.partner_name = partner_name;
  PINRIG_TRY(data, load_line(store, run, against == nullptr ? delta_nights : most_nights));
  std::optional<std::size_t> partner;
  if (against == nullptr) {
    partner = history::default_partner(data.line);
  } else {
    for (std::size_t i = 1; i < data.runs.size() && !partner; ++i) {
      if (data.runs[i].id == against->id) partner = i;
    }
    if (!partner) {
      PINRIG_TRY(pair, load_pair(store, run, *against));
      data = std::move(pair);
      partner = 1;
    }
  }
  history::Measures measures;
  if (partner) {
    PINRIG_TRY(found, load_measures(store, data, *partner));
    measures = std::move(found);
  }
  out.delta = history::delta(data.line, partner, measures);
  for (const auto& f : out.delta.findings) {
    if (f.test.empty() || !wants_detail(f.section)) {
      out.details.emplace_back();
      continue;
    }
    PINRIG_TRY(detail, detail_of(store, data, f));
    out.details.push_back(std::move(detail));
  }
  out.data = std::move(data);
  return out;
}

Result<TestHistory> load_history(const store::Store& store, const NightData& data, const std::string& word) {
  const auto colon = word.find(':');
  TestHistory out{word.substr(0, colon), colon == std::string::npos ? "" : word.substr(colon + 1), {}};
  std::vector<std::int64_t> guests;
  std::map<std::int64_t, std::size_t> place;
  for (std::size_t i = 0; i < data.guests.size(); ++i) {
    if (data.guests[i].guest == 0) continue;
    guests.push_back(data.guests[i].guest);
    place[data.guests[i].guest] = i;
  }
  PINRIG_TRY(rows, store.history(out.test, out.case_name, guests));
  for (auto& r : rows) {
    const std::size_t at = place.at(r.guest);
    const std::size_t night = data.guests[at].run;
    const std::size_t column = data.column_of[at];
    out.entries.push_back({night, column, std::move(r.row), data.line.columns[column].nights[night].broken});
  }
  if (!out.entries.empty()) return out;
  std::set<std::string> names;
  for (const auto& n : data.line.names) names.insert(out.case_name.empty() ? n.test : to_string(n));
  return make_error(ErrorKind::bad_usage,
                    fmt::format("no night of {} has {}{}", data.line.key.spec, word,
                                did_you_mean(word, {names.begin(), names.end()})),
                    "write SUITE/TEST or SUITE/TEST:CASE; --run names a run of another line");
}

}  // namespace pinrig::report
