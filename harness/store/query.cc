// SPDX-License-Identifier: GPL-2.0
// Everything that reads the database.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/database.h"

namespace pinrig::store {
namespace {

using SQLite::Column;
using SQLite::Statement;

/// Hands out a row's columns one after the other.
class Columns {
 public:
  explicit Columns(Statement& s) : s_(s) {}
  Column next() { return s_.getColumn(n_++); }
  std::string text() { return next().getString(); }
  int whole() { return next().getInt(); }
  std::int64_t big() { return next().getInt64(); }
  double real() { return next().getDouble(); }
  bool truth() { return next().getInt() != 0; }
  template <typename T>
  T json() {
    return nlohmann::json::parse(text()).get<T>();
  }

 private:
  Statement& s_;
  int n_ = 0;
};

model::JobOutcome::Kind outcome_kind(const std::string& word) {
  using Kind = model::JobOutcome::Kind;
  for (const Kind k :
       {Kind::completed, Kind::apply_failed, Kind::build_failed, Kind::boot_failed, Kind::panicked,
        Kind::timed_out, Kind::no_output, Kind::infra_error, Kind::cancelled}) {
    if (word == model::to_string(k)) return k;
  }
  throw std::runtime_error(fmt::format("'{}' in jobs.outcome is no outcome", word));
}

constexpr const char* run_columns =
    "SELECT id, spec, base, series, started, finished, state, exit_code, dir, host FROM runs ";

RunRow read_run(Statement& s) {
  Columns c(s);
  RunRow r;
  for (std::string* field : {&r.id, &r.spec, &r.base, &r.series, &r.started, &r.finished, &r.state})
    *field = c.text();
  r.exit_code = c.whole();
  r.dir = c.text();
  r.host = c.text();
  return r;
}

JobRow read_job(Statement& s) {
  Columns c(s);
  JobRow j;
  j.run_id = c.text();
  j.cell_id = c.text();
  j.point.number = c.whole();
  j.point.label = c.text();
  j.point.subject = c.text();
  j.is_tip = c.truth();
  j.arch = model::arch_from_string(c.text()).value_or(model::Arch::x86_64);
  for (std::string* field :
       {&j.config, &j.machine, &j.accel, &j.accel_reason, &j.cpu_model, &j.kernel_key, &j.kernel_release})
    *field = c.text();
  j.outcome.kind = outcome_kind(c.text());
  j.outcome.phase = c.text();
  j.outcome.detail = c.text();
  j.build_wall_s = c.real();
  j.build_cached = c.truth();
  j.boot_s = c.real();
  j.wall_s = c.real();
  j.dir = c.text();
  j.capabilities = c.json<std::map<std::string, std::string>>();
  j.notes = c.json<std::vector<std::string>>();
  j.unmet = c.json<std::vector<std::string>>();
  return j;
}

std::optional<model::PinLedger> read_ledger(Columns& c) {
  model::PinLedger l;
  const Column available = c.next();
  const bool there = !available.isNull();
  l.available = available.getInt() != 0;
  l.before.acquired = c.big();
  l.before.released = c.big();
  l.after.acquired = c.big();
  l.after.released = c.big();
  l.settled_before = c.truth();
  l.settled_after = c.truth();
  l.settle_ms = c.real();
  const Column mode = c.next();
  model::PinClaim claim;
  claim.mode = static_cast<model::PinClaim::Mode>(mode.getInt());
  claim.pages = c.big();
  claim.skew_sections = c.big();
  if (!mode.isNull()) l.claim = claim;
  return there ? std::optional(l) : std::nullopt;
}

std::optional<std::uint64_t> read_taint(Columns& c) {
  const std::int64_t value = c.big();
  return value == unknown_taint ? std::nullopt : std::optional(static_cast<std::uint64_t>(value));
}

VerdictRow read_verdict(Statement& s) {
  Columns c(s);
  VerdictRow r;
  auto& v = r.verdict;
  v.test = c.text();
  v.case_name = c.text();
  const std::string word = c.text();
  const auto verdict = model::verdict_from_string(word);
  if (!verdict) throw std::runtime_error(fmt::format("'{}' in verdicts.verdict is no verdict", word));
  v.verdict = *verdict;
  v.detail = c.text();
  v.line = c.whole();
  v.expected = c.truth();
  v.expectation = c.text();
  v.wall_s = c.real();
  v.numbers = c.json<std::map<std::string, double>>();
  r.ledger = read_ledger(c);
  r.taint_before = read_taint(c);
  r.taint_after = read_taint(c);
  r.counters = c.json<std::map<std::string, std::int64_t>>();
  return r;
}

model::KernelEvent read_event(Statement& s) {
  Columns c(s);
  model::KernelEvent e;
  e.kind = c.text();
  e.title = c.text();
  e.function = c.text();
  e.first_line = c.whole();
  e.last_line = c.whole();
  e.owner = c.text();
  e.fatal = c.truth();
  return e;
}

/// All rows of a statement whose parameters are bound already.
template <typename Row, typename Read>
std::vector<Row> all_rows(Statement& s, Read read) {
  std::vector<Row> out;
  while (s.executeStep()) out.push_back(read(s));
  return out;
}

}  // namespace

Result<std::vector<RunRow>> Store::runs(int limit) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, std::string(run_columns) + "ORDER BY rowid DESC LIMIT ?");
    s.bind(1, limit);
    return all_rows<RunRow>(s, read_run);
  });
}

Result<std::optional<RunRow>> Store::find_run(const std::string& id) const {
  if (id.empty()) return std::optional<RunRow>();
  auto found = guarded(impl_->file, [&] {
    const bool last = id == "last";
    Statement s(
        impl_->db,
        std::string(run_columns) +
            (last ? "ORDER BY rowid DESC LIMIT 1"
                  : "WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id = ?1 DESC, rowid DESC LIMIT 20"));
    if (!last) s.bind(1, id);
    return all_rows<RunRow>(s, read_run);
  });
  if (found.has_error()) return std::move(found).error();
  const auto& rows = found.value();
  if (rows.empty()) return std::optional<RunRow>();
  if (rows.size() == 1 || rows.front().id == id) return std::optional(rows.front());
  std::vector<std::string> ids;
  for (const auto& r : rows) ids.push_back(r.id);
  return make_error(ErrorKind::bad_usage,
                    fmt::format("'{}' is the beginning of several runs: {}", id, join(ids, ", ")),
                    "give more of the id");
}

Result<std::vector<JobRow>> Store::jobs(const std::string& run_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT run_id, cell_id, point, label, subject, is_tip, arch, config, machine, accel, "
                "accel_reason, cpu_model,"
                " kernel_key, kernel_release, outcome, phase, detail, build_wall_s, build_cached, boot_s, "
                "wall_s, dir,"
                " capabilities, notes, unmet FROM jobs WHERE run_id = ? ORDER BY id");
    s.bind(1, run_id);
    return all_rows<JobRow>(s, read_job);
  });
}

Result<std::map<std::string, std::string>> Store::capabilities(const std::string& kernel_key,
                                                               const std::string& but_run) const {
  using Values = std::map<std::string, std::string>;
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT capabilities FROM jobs WHERE kernel_key = ? AND run_id <> ? AND capabilities <> '{}' "
                "ORDER BY id DESC");
    s.bind(1, kernel_key);
    s.bind(2, but_run);
    Values out;
    for (auto& found : all_rows<Values>(s, [](Statement& row) { return Columns(row).json<Values>(); })) {
      std::erase_if(found, [](const auto& entry) { return entry.second == "unknown"; });
      out.merge(found);
    }
    return out;
  });
}

Result<std::vector<VerdictRow>> Store::verdicts(const std::string& run_id, const std::string& cell_id) const {
  return guarded(impl_->file, [&] {
    Statement s(
        impl_->db,
        "SELECT test, case_name, verdict, v.detail, line, expected, expectation, v.wall_s, numbers, ledger,"
        " acquired_before, released_before, acquired_after, released_after, settled_before, settled_after, "
        "settle_ms,"
        " claim_mode, claim_pages, claim_skew, taint_before, taint_after, counters"
        " FROM verdicts v JOIN jobs j ON v.job = j.id WHERE run_id = ? AND cell_id = ? ORDER BY seq");
    s.bind(1, run_id);
    s.bind(2, cell_id);
    return all_rows<VerdictRow>(s, read_verdict);
  });
}

Result<std::vector<model::KernelEvent>> Store::events(const std::string& run_id,
                                                      const std::string& cell_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT kind, title, function, first_line, last_line, owner, fatal FROM events e JOIN jobs j "
                "ON e.job = j.id"
                " WHERE run_id = ? AND cell_id = ? ORDER BY seq");
    s.bind(1, run_id);
    s.bind(2, cell_id);
    return all_rows<model::KernelEvent>(s, read_event);
  });
}

}  // namespace pinrig::store
