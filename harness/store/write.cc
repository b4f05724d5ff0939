// SPDX-License-Identifier: GPL-2.0
// Everything that changes the database.
#include <nlohmann/json.hpp>

#include "store/binder.h"
#include "store/database.h"
#include "store/names.h"

namespace pinrig::store {
namespace {

using Statement = SQLite::Statement;

/// Console text may hold any byte; the database and its JSON hold UTF-8.
template <typename T>
std::string json_text(const T& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void insert_kernel(SQLite::Database& db, const KernelRow& k) {
  Statement s(
      db,
      "INSERT INTO kernels(run_id, kernel_id, point, label, subject, commit_id, tree, patch_id, version,"
      " is_tip, arch, config, fragments, state, failure, build_log, key, cached, build_wall_s, dir, notes,"
      " unmet, known, lost, inherits, warnings, unbuilt)"
      " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  Binder b(s);
  b << k.run_id << k.id << k.point.number << k.point.label << k.point.subject << k.point.commit
    << k.point.tree << k.point.patch_id << k.point.version << k.is_tip << model::to_string(k.arch)
    << k.config.name << json_text(k.config.fragments) << to_string(k.state) << k.failure << k.build_log
    << k.key << k.cached << k.build_wall_s << k.dir << json_text(k.notes) << json_text(k.unmet)
    << json_text(k.known) << lost_to_json(k.lost) << k.inherits << json_text(k.warnings)
    << unbuilt_to_json(k.unbuilt);
  s.exec();
}

void bind_outcome(Binder& b, const std::optional<model::JobOutcome>& outcome) {
  if (!outcome) {
    b.null();
    b << ""
      << "";
    return;
  }
  b << model::to_string(outcome->kind) << model::to_string(outcome->phase) << outcome->detail;
}

/// Under `id`, or the next free one. Returns it.
std::int64_t insert_guest(SQLite::Database& db, const GuestRow& g, std::optional<std::int64_t> id = {}) {
  Statement s(db,
              "INSERT INTO guests(id, kernel, run_id, guest_id, reason, machine, planned, outcome, phase, "
              "detail, accel,"
              " accel_reason, cpu_model, release, boot_s, wall_s, dir, capabilities, counters, setup, notes)"
              " VALUES(?,(SELECT id FROM kernels WHERE run_id = ? AND kernel_id = ?),"
              "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  Binder b(s);
  if (id)
    b << *id;
  else
    b.null();
  b << g.run_id << g.kernel_id << g.run_id << g.id << g.reason << g.machine << g.planned;
  bind_outcome(b, g.outcome);
  b << g.accel << g.accel_reason << g.cpu_model << g.release << g.boot_s << g.wall_s << g.dir
    << json_text(g.capabilities) << g.counters << json_text(g.setup) << json_text(g.notes);
  s.exec();
  return db.getLastInsertRowid();
}

std::optional<std::int64_t> id_of_guest(SQLite::Database& db, const GuestRow& g) {
  Statement s(db, "SELECT id FROM guests WHERE run_id = ? AND guest_id = ?");
  Binder(s) << g.run_id << g.id;
  if (!s.executeStep()) return std::nullopt;
  return s.getColumn(0).getInt64();
}

/// Deletes the row of a guest with all that belongs to it. Returns its id, or nothing when there was none.
std::optional<std::int64_t> take_guest(SQLite::Database& db, const GuestRow& g) {
  const auto id = id_of_guest(db, g);
  if (!id) return id;
  Statement old(db, "DELETE FROM guests WHERE id = ?");
  Binder(old) << *id;
  old.exec();
  return id;
}

void set_kernel(SQLite::Database& db, const KernelRow& k) {
  Statement s(
      db,
      "UPDATE kernels SET state = ?, failure = ?, build_log = ?, key = ?, cached = ?, build_wall_s = ?,"
      " dir = ?, notes = ?, inherits = ?, warnings = ?, unbuilt = ? WHERE run_id = ? AND kernel_id = ?");
  Binder(s) << to_string(k.state) << k.failure << k.build_log << k.key << k.cached << k.build_wall_s << k.dir
            << json_text(k.notes) << k.inherits << json_text(k.warnings) << unbuilt_to_json(k.unbuilt)
            << k.run_id << k.id;
  s.exec();
}

void insert_attempts(SQLite::Database& db, std::int64_t guest, const std::vector<AttemptRow>& rows) {
  Statement s(db,
              "INSERT INTO attempts(guest, number, outcome, phase, detail, boot_s, wall_s, dir, loss,"
              " evidence, dump) VALUES(?,?,?,?,?,?,?,?,?,?,?)");
  for (const auto& a : rows) {
    s.reset();
    Binder b(s);
    b << guest << a.number;
    bind_outcome(b, a.outcome);
    b << a.boot_s << a.wall_s << a.dir << model::to_string(a.loss) << json_text(a.evidence)
      << model::dump_to_json(a.dump);
    s.exec();
  }
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

void bind_assessment(Binder& b, const std::optional<model::Assessment>& a) {
  if (a) {
    b << model::to_string(a->rule) << a->reason << a->reference;
    return;
  }
  for (int i = 0; i < 3; ++i) b.null();
}

std::int64_t taint_column(const std::optional<std::uint64_t>& taint) {
  return taint ? static_cast<std::int64_t>(*taint) : unknown_taint;
}

std::vector<std::string> words(const std::vector<model::Verdict>& verdicts) {
  std::vector<std::string> out;
  for (const auto v : verdicts) out.emplace_back(model::to_string(v));
  return out;
}

void insert_results(SQLite::Database& db, std::int64_t guest,
                    const std::vector<model::AssessedResult>& rows) {
  Statement s(
      db,
      "INSERT INTO results(guest, seq, test, case_name, verdict, detail, diagnostics, line, foreseen, wall_s,"
      " numbers, ledger, acquired_before, released_before, acquired_after, released_after, settled_before,"
      " settled_after, settle_ms, claim_mode, claim_pages, claim_skew, taint_before, taint_after, counters,"
      " rule, rule_reason, rule_reference, own, splats, apart)"
      " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  int seq = 0;
  for (const auto& r : rows) {
    const auto& v = r.result.verdict;
    s.reset();
    Binder b(s);
    b << guest << ++seq << v.test << v.case_name << model::to_string(v.verdict) << v.detail
      << json_text(v.diagnostics) << v.line << v.foreseen << v.wall_s << json_text(v.numbers);
    bind_ledger(b, r.result.ledger);
    b << taint_column(r.result.taint_before) << taint_column(r.result.taint_after)
      << json_text(r.result.counters);
    bind_assessment(b, r.assessment);
    b << json_text(words(v.own)) << splats_to_json(v.splats) << json_text(words(v.apart));
    s.exec();
  }
}

void insert_events(SQLite::Database& db, std::int64_t guest, const std::vector<model::KernelEvent>& events) {
  Statement s(
      db,
      "INSERT INTO kernel_events(guest, seq, kind, title, function, first_line, last_line, owner, fatal,"
      " count, text, lines) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
  int seq = 0;
  for (const auto& e : events) {
    s.reset();
    Binder(s) << guest << ++seq << e.kind << e.title << e.function << e.first_line << e.last_line << e.owner
              << e.fatal << e.count << json_text(e.text) << lines_to_json(e.lines);
    s.exec();
  }
}

/// The rows of a guest that an assessment speaks of, in their order.
void update_assessment(SQLite::Database& db, const std::string& run_id, const model::GuestAssessment& guest) {
  Statement s(db,
              "UPDATE results SET rule = ?, rule_reason = ?, rule_reference = ? WHERE seq = ? AND guest ="
              " (SELECT id FROM guests WHERE run_id = ? AND guest_id = ?)");
  int seq = 0;
  for (const auto& a : guest.rows) {
    s.reset();
    Binder(s) << model::to_string(a.rule) << a.reason << a.reference << ++seq << run_id << guest.guest_id;
    s.exec();
  }
}

}  // namespace

std::string lost_to_json(const std::vector<model::LostRow>& lost) {
  auto out = nlohmann::json::array();
  for (const auto& l : lost)
    out.push_back({{"test", l.test},
                   {"case", l.case_name},
                   {"before", model::to_string(l.before)},
                   {"reference", l.reference}});
  return json_text(out);
}

std::vector<model::LostRow> lost_from_json(const std::string& text) {
  std::vector<model::LostRow> out;
  for (const auto& j : nlohmann::json::parse(text))
    out.push_back({j.at("test"), j.at("case"),
                   model::verdict_from_string(j.at("before")).value_or(model::Verdict::pass),
                   j.at("reference")});
  return out;
}

std::string splats_to_json(const std::vector<model::Splat>& splats) {
  auto out = nlohmann::json::array();
  for (const auto& s : splats)
    out.push_back({{"kind", s.kind}, {"title", s.title}, {"verdict", model::to_string(s.verdict)}});
  return json_text(out);
}

std::vector<model::Splat> splats_from_json(const std::string& text) {
  std::vector<model::Splat> out;
  for (const auto& j : nlohmann::json::parse(text))
    out.push_back({j.at("kind"), j.at("title"),
                   model::verdict_from_string(j.at("verdict")).value_or(model::Verdict::error)});
  return out;
}

std::string lines_to_json(const std::vector<model::SourceLine>& lines) {
  auto out = nlohmann::json::array();
  for (const auto& l : lines)
    out.push_back({{"frame", l.frame},
                   {"function", l.function},
                   {"file", l.file},
                   {"line", l.line},
                   {"inlined", l.inlined},
                   {"patch", l.patch}});
  return json_text(out);
}

std::vector<model::SourceLine> lines_from_json(const std::string& text) {
  std::vector<model::SourceLine> out;
  for (const auto& j : nlohmann::json::parse(text))
    out.push_back(
        {j.at("frame"), j.at("function"), j.at("file"), j.at("line"), j.at("inlined"), j.at("patch")});
  return out;
}

Result<void> Store::begin_run(const RunRow& run, const std::vector<KernelRow>& kernels,
                              const std::vector<GuestRow>& guests) {
  return guarded(impl_->file, [&] {
    SQLite::Transaction all(impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    Statement s(
        impl_->db,
        "INSERT INTO runs(id, spec, base, series, faults, purpose, started, finished, state, exit_code, dir,"
        " host, selection) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
    Binder(s) << run.id << run.spec << run.base << run.series << run.faults << run.purpose
              << (run.started.empty() ? now_utc() : run.started) << run.finished << to_string(run.state)
              << run.exit_code << run.dir << run.host << run.selection;
    s.exec();
    for (const auto& k : kernels) insert_kernel(impl_->db, k);
    for (const auto& g : guests) insert_guest(impl_->db, g);
    all.commit();
  });
}

Result<void> Store::set_series(const SeriesRow& series, const std::vector<PatchRow>& patches) {
  return guarded(impl_->file, [&] {
    SQLite::Transaction all(impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    Statement s(impl_->db,
                "INSERT OR REPLACE INTO series(run_id, change_id, version, message_id, patchset_hash)"
                " VALUES(?,?,?,?,?)");
    Binder(s) << series.run_id << series.change_id << series.version << series.message_id
              << series.patchset_hash;
    s.exec();
    Statement earlier(impl_->db, "DELETE FROM patches WHERE run_id = ?");
    Binder(earlier) << series.run_id;
    earlier.exec();
    Statement p(
        impl_->db,
        "INSERT OR REPLACE INTO patches(run_id, point, patch_id, subject, commit_id, message_id, fit, files)"
        " VALUES(?,?,?,?,?,?,?,?)");
    for (const auto& patch : patches) {
      p.reset();
      Binder(p) << series.run_id << patch.point << patch.patch_id << patch.subject << patch.commit
                << patch.message_id << model::fit_to_json(patch.fit) << json_text(patch.files);
      p.exec();
    }
    all.commit();
  });
}

Result<void> Store::update_kernel(const KernelRow& k) {
  return guarded(impl_->file, [&] { set_kernel(impl_->db, k); });
}

Result<void> Store::end_guest(const GuestRow& guest, const std::vector<AttemptRow>& attempts,
                              const std::vector<model::AssessedResult>& results,
                              const std::vector<model::KernelEvent>& events) {
  return guarded(impl_->file, [&] {
    SQLite::Transaction all(impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    // Under its old id: guests stay in the order of the plan.
    const std::int64_t id = insert_guest(impl_->db, guest, take_guest(impl_->db, guest));
    insert_attempts(impl_->db, id, attempts);
    insert_results(impl_->db, id, results);
    insert_events(impl_->db, id, events);
    all.commit();
  });
}

Result<void> Store::assess_run(const std::string& run_id,
                               const std::vector<model::KernelAssessment>& kernels) {
  return guarded(impl_->file, [&] {
    SQLite::Transaction all(impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    for (const auto& k : kernels) {
      Statement s(impl_->db,
                  "UPDATE kernels SET unmet = ?, known = ?, lost = ? WHERE run_id = ? AND kernel_id = ?");
      Binder(s) << json_text(k.unmet) << json_text(k.known) << lost_to_json(k.lost) << run_id << k.kernel_id;
      s.exec();
      for (const auto& g : k.guests) update_assessment(impl_->db, run_id, g);
    }
    all.commit();
  });
}

Result<void> Store::delete_run(const std::string& id) {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, "DELETE FROM runs WHERE id = ?");
    Binder(s) << id;
    s.exec();
  });
}

Result<void> Store::finish_run(const std::string& id, RunState state, int exit_code) {
  auto changed = guarded(impl_->file, [&] {
    Statement s(impl_->db, "UPDATE runs SET finished = ?, state = ?, exit_code = ? WHERE id = ?");
    Binder(s) << now_utc() << to_string(state) << exit_code << id;
    return s.exec();
  });
  if (changed.has_error()) return std::move(changed).error();
  if (changed.value() == 0) return make_error(ErrorKind::infra, impl_->file.string() + ": no run " + id);
  return {};
}

Result<void> Store::resume_run(const std::string& id, const std::vector<KernelRow>& kernels,
                               const std::vector<GuestRow>& guests) {
  auto changed = guarded(impl_->file, [&] {
    SQLite::Transaction all(impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    Statement s(impl_->db,
                "UPDATE runs SET finished = '', state = 'running', exit_code = -1, resumed = resumed + 1"
                " WHERE id = ? AND state = 'interrupted'");
    Binder(s) << id;
    const int runs = s.exec();
    if (runs == 0) return runs;
    for (const auto& k : kernels) set_kernel(impl_->db, k);
    // Attempts, results and events go with the old row; the new one has its place in the order of the plan.
    for (const auto& g : guests) insert_guest(impl_->db, g, take_guest(impl_->db, g));
    all.commit();
    return runs;
  });
  if (changed.has_error()) return std::move(changed).error();
  if (changed.value() == 0) return make_error(ErrorKind::bad_usage, "run " + id + " is not interrupted");
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
