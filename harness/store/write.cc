// SPDX-License-Identifier: GPL-2.0
// Everything that changes the database.
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "store/database.h"

namespace pinrig::store {
namespace {

using Statement = SQLite::Statement;

/// Binds a row's values in the order of its question marks.
class Binder {
 public:
  explicit Binder(Statement& s) : s_(s) {}
  Binder& operator<<(const std::string& v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(const char* v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(double v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(std::int64_t v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(int v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(bool v) {
    s_.bind(++n_, v ? 1 : 0);
    return *this;
  }
  void null() { s_.bind(++n_); }

 private:
  Statement& s_;
  int n_ = 0;
};

std::string now_utc() {
  const std::time_t t = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return text;
}

/// Console text may hold any byte; the database and its JSON hold UTF-8.
template <typename T>
std::string json_text(const T& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::int64_t insert_job(SQLite::Database& db, const JobRow& j) {
  Statement s(db,
              "INSERT INTO jobs(run_id, cell_id, point, label, subject, is_tip, arch, config, machine, "
              "accel, accel_reason,"
              " cpu_model, kernel_key, kernel_release, outcome, phase, detail, build_wall_s, build_cached, "
              "boot_s, wall_s,"
              " dir, capabilities, notes, unmet) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  Binder b(s);
  b << j.run_id << j.cell_id << j.point.number << j.point.label << j.point.subject << j.is_tip
    << model::to_string(j.arch) << j.config << j.machine << j.accel << j.accel_reason << j.cpu_model
    << j.kernel_key << j.kernel_release << model::to_string(j.outcome.kind) << j.outcome.phase
    << j.outcome.detail << j.build_wall_s << j.build_cached << j.boot_s << j.wall_s << j.dir
    << json_text(j.capabilities) << json_text(j.notes) << json_text(j.unmet);
  s.exec();
  return db.getLastInsertRowid();
}

void bind_ledger(Binder& b, const std::optional<model::PinLedger>& ledger) {
  if (!ledger) {
    for (int i = 0; i < 11; ++i) b.null();
    return;
  }
  const auto& l = *ledger;
  b << l.available << l.before.acquired << l.before.released << l.after.acquired << l.after.released
    << l.settled_before << l.settled_after << l.settle_ms;
  if (l.claim) {
    b << static_cast<int>(l.claim->mode) << l.claim->pages << l.claim->skew_sections;
  } else {
    for (int i = 0; i < 3; ++i) b.null();
  }
}

std::int64_t taint_column(const std::optional<std::uint64_t>& taint) {
  return taint ? static_cast<std::int64_t>(*taint) : unknown_taint;
}

void insert_verdicts(SQLite::Database& db, std::int64_t job, const std::vector<VerdictRow>& rows) {
  Statement s(db,
              "INSERT INTO verdicts(job, seq, test, case_name, verdict, detail, line, expected, expectation, "
              "wall_s, numbers,"
              " ledger, acquired_before, released_before, acquired_after, released_after, settled_before, "
              "settled_after,"
              " settle_ms, claim_mode, claim_pages, claim_skew, taint_before, taint_after, counters)"
              " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  int seq = 0;
  for (const auto& r : rows) {
    const auto& v = r.verdict;
    s.reset();
    Binder b(s);
    b << job << ++seq << v.test << v.case_name << model::to_string(v.verdict) << v.detail << v.line
      << v.expected << v.expectation << v.wall_s << json_text(v.numbers);
    bind_ledger(b, r.ledger);
    b << taint_column(r.taint_before) << taint_column(r.taint_after) << json_text(r.counters);
    s.exec();
  }
}

void insert_events(SQLite::Database& db, std::int64_t job, const std::vector<model::KernelEvent>& events) {
  Statement s(db,
              "INSERT INTO events(job, seq, kind, title, function, first_line, last_line, owner, fatal)"
              " VALUES(?,?,?,?,?,?,?,?,?)");
  int seq = 0;
  for (const auto& e : events) {
    s.reset();
    Binder(s) << job << ++seq << e.kind << e.title << e.function << e.first_line << e.last_line << e.owner
              << e.fatal;
    s.exec();
  }
}

}  // namespace

Result<void> Store::begin_run(const RunRow& run) {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "INSERT INTO runs(id, spec, base, series, started, finished, state, exit_code, dir, host)"
                " VALUES(?,?,?,?,?,?,?,?,?,?)");
    Binder(s) << run.id << run.spec << run.base << run.series
              << (run.started.empty() ? now_utc() : run.started) << run.finished
              << (run.state.empty() ? "running" : run.state) << run.exit_code << run.dir << run.host;
    s.exec();
  });
}

Result<void> Store::add_job(const JobRow& job, const std::vector<VerdictRow>& verdicts,
                            const std::vector<model::KernelEvent>& events) {
  return guarded(impl_->file, [&] {
    SQLite::Transaction all(impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    Statement old(impl_->db, "DELETE FROM jobs WHERE run_id = ? AND cell_id = ?");
    Binder(old) << job.run_id << job.cell_id;
    old.exec();
    const std::int64_t id = insert_job(impl_->db, job);
    insert_verdicts(impl_->db, id, verdicts);
    insert_events(impl_->db, id, events);
    all.commit();
  });
}

Result<void> Store::finish_run(const std::string& id, const std::string& state, int exit_code) {
  auto changed = guarded(impl_->file, [&] {
    Statement s(impl_->db, "UPDATE runs SET finished = ?, state = ?, exit_code = ? WHERE id = ?");
    Binder(s) << now_utc() << state << exit_code << id;
    return s.exec();
  });
  if (changed.has_error()) return std::move(changed).error();
  if (changed.value() == 0)
    return make_error(ErrorKind::infra, impl_->file.string() + ": there is no run " + id);
  return {};
}

Result<int> Store::mark_interrupted(const std::vector<std::string>& dead) {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "UPDATE runs SET state = 'interrupted', exit_code = 130 WHERE state = 'running'"
                " AND id IN (SELECT value FROM json_each(?))");
    Binder(s) << json_text(dead);
    return s.exec();
  });
}

}  // namespace pinrig::store
