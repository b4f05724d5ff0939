// SPDX-License-Identifier: GPL-2.0
// Everything that reads the database.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/columns.h"

namespace pinrig::store {
namespace {

using SQLite::Column;
using SQLite::Statement;

model::JobOutcome read_outcome(Columns& c, const std::string& word) {
  model::JobOutcome o;
  o.kind = known_word(model::outcome_from_string(word), word, "guests.outcome");
  const std::string phase = c.text();
  o.phase = known_word(model::phase_from_string(phase), phase, "guests.phase");
  o.detail = c.text();
  return o;
}

constexpr const char* kernel_columns =
    "SELECT run_id, kernel_id, point, label, subject, commit_id, tree, patch_id, version, is_tip, arch, "
    "config,"
    " fragments, state, failure, build_log, key, cached, build_wall_s, dir, notes, unmet, known, lost,"
    " inherits, warnings, unbuilt FROM kernels ";

KernelRow read_kernel(Statement& s) {
  Columns c(s);
  KernelRow k;
  k.run_id = c.text();
  k.id = c.text();
  k.point.number = c.whole();
  for (std::string* field : {&k.point.label, &k.point.subject, &k.point.commit, &k.point.tree,
                             &k.point.patch_id, &k.point.version})
    *field = c.text();
  k.is_tip = c.truth();
  k.arch = model::arch_from_string(c.text()).value_or(model::Arch::x86_64);
  k.config.name = c.text();
  k.config.fragments = c.json<std::vector<std::string>>();
  const std::string state = c.text();
  k.state = known_word(kernel_state_from_string(state), state, "kernels.state");
  for (std::string* field : {&k.failure, &k.build_log, &k.key}) *field = c.text();
  k.cached = c.truth();
  k.build_wall_s = c.real();
  k.dir = c.text();
  for (auto* list : {&k.notes, &k.unmet, &k.known}) *list = c.json<std::vector<std::string>>();
  k.lost = lost_from_json(c.text());
  k.inherits = c.text();
  k.warnings = c.json<std::vector<std::string>>();
  k.unbuilt = unbuilt_from_json(c.text());
  return k;
}

constexpr const char* guest_columns =
    "SELECT g.run_id, k.kernel_id, guest_id, reason, machine, planned, outcome, phase, detail, accel, "
    "accel_reason,"
    " cpu_model, release, boot_s, wall_s, g.dir, capabilities, counters, setup, g.notes"
    " FROM guests g JOIN kernels k ON g.kernel = k.id ";

GuestRow read_guest(Statement& s) {
  Columns c(s);
  GuestRow g;
  for (std::string* field : {&g.run_id, &g.kernel_id, &g.id, &g.reason, &g.machine}) *field = c.text();
  g.planned = c.whole();
  const Column outcome = c.next();
  if (outcome.isNull()) {
    c.text();
    c.text();
  } else {
    g.outcome = read_outcome(c, outcome.getString());
  }
  for (std::string* field : {&g.accel, &g.accel_reason, &g.cpu_model, &g.release}) *field = c.text();
  g.boot_s = c.real();
  g.wall_s = c.real();
  g.dir = c.text();
  g.capabilities = c.json<std::map<std::string, std::string>>();
  g.counters = c.truth();
  for (auto* list : {&g.setup, &g.notes}) *list = c.json<std::vector<std::string>>();
  return g;
}

AttemptRow read_attempt(Statement& s) {
  Columns c(s);
  AttemptRow a;
  a.number = c.whole();
  a.outcome = read_outcome(c, c.text());
  a.boot_s = c.real();
  a.wall_s = c.real();
  a.dir = c.text();
  const std::string loss = c.text();
  a.loss = known_word(model::loss_from_string(loss), loss, "attempts.loss");
  a.evidence = c.json<std::vector<std::string>>();
  a.dump = model::dump_from_json(c.text());
  return a;
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
  e.count = c.whole();
  e.text = c.json<std::vector<std::string>>();
  e.lines = lines_from_json(c.text());
  return e;
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
  return make_error(ErrorKind::bad_usage, fmt::format("'{}' matches several runs: {}", id, join(ids, ", ")),
                    "use a longer ID");
}

Result<std::vector<KernelRow>> Store::kernels(const std::string& run_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, std::string(kernel_columns) + "WHERE run_id = ? ORDER BY id");
    s.bind(1, run_id);
    return all_rows<KernelRow>(s, read_kernel);
  });
}

Result<std::optional<SeriesRow>> Store::series(const std::string& run_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT run_id, change_id, version, message_id, patchset_hash FROM series WHERE run_id = ?");
    s.bind(1, run_id);
    if (!s.executeStep()) return std::optional<SeriesRow>();
    Columns c(s);
    SeriesRow row;
    row.run_id = c.text();
    row.change_id = c.text();
    row.version = c.whole();
    row.message_id = c.text();
    row.patchset_hash = c.text();
    return std::optional(std::move(row));
  });
}

Result<std::vector<PatchRow>> Store::patches(const std::string& run_id) const {
  return guarded(impl_->file, [&] {
    Statement s(
        impl_->db,
        "SELECT point, patch_id, subject, commit_id, message_id, fit, files FROM patches WHERE run_id = ?"
        " ORDER BY point");
    s.bind(1, run_id);
    return all_rows<PatchRow>(s, [](Statement& row) {
      Columns c(row);
      PatchRow p;
      p.point = c.whole();
      for (std::string* field : {&p.patch_id, &p.subject, &p.commit, &p.message_id}) *field = c.text();
      p.fit = model::fit_from_json(c.text());
      p.files = c.json<std::vector<std::string>>();
      return p;
    });
  });
}

Result<std::vector<std::string>> Store::runs_of_mail(const std::string& message_id,
                                                     const std::string& patch_id,
                                                     const std::string& series) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT id FROM runs WHERE id IN (SELECT run_id FROM patches WHERE"
                " (patch_id = ?2 AND ?2 <> '') OR (message_id = ?1 AND ?1 <> '') UNION"
                " SELECT run_id FROM series WHERE message_id = ?1 AND ?1 <> '')"
                " OR (series = ?3 AND ?3 <> '') ORDER BY rowid DESC");
    s.bind(1, message_id);
    s.bind(2, patch_id);
    s.bind(3, series);
    return all_rows<std::string>(s, [](Statement& row) { return Columns(row).text(); });
  });
}

Result<std::vector<GuestRow>> Store::guests(const std::string& run_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db, std::string(guest_columns) + "WHERE g.run_id = ? ORDER BY g.kernel, g.id");
    s.bind(1, run_id);
    return all_rows<GuestRow>(s, read_guest);
  });
}

Result<std::vector<AttemptRow>> Store::attempts(const std::string& run_id,
                                                const std::string& guest_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT number, a.outcome, a.phase, a.detail, a.boot_s, a.wall_s, a.dir, a.loss,"
                " a.evidence, a.dump FROM attempts a"
                " JOIN guests g ON a.guest = g.id WHERE run_id = ? AND guest_id = ? ORDER BY number");
    s.bind(1, run_id);
    s.bind(2, guest_id);
    return all_rows<AttemptRow>(s, read_attempt);
  });
}

Result<std::map<std::string, std::string>> Store::capabilities(const std::string& kernel_key,
                                                               const std::string& but_run) const {
  using Values = std::map<std::string, std::string>;
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT capabilities FROM guests g JOIN kernels k ON g.kernel = k.id"
                " WHERE k.key = ? AND g.run_id <> ? AND capabilities <> '{}' ORDER BY g.id DESC");
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

Result<std::vector<model::AssessedResult>> Store::results(const std::string& run_id,
                                                          const std::string& guest_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                std::string("SELECT ") + result_columns +
                    " FROM results r JOIN guests g ON r.guest = g.id WHERE run_id = ? AND guest_id = ?"
                    " ORDER BY seq");
    s.bind(1, run_id);
    s.bind(2, guest_id);
    return all_rows<model::AssessedResult>(s, [](Statement& row) {
      Columns c(row);
      return read_result(c);
    });
  });
}

Result<std::vector<model::KernelEvent>> Store::events(const std::string& run_id,
                                                      const std::string& guest_id) const {
  return guarded(impl_->file, [&] {
    Statement s(impl_->db,
                "SELECT kind, title, function, first_line, last_line, owner, fatal, count, text, lines"
                " FROM kernel_events e JOIN guests g ON e.guest = g.id"
                " WHERE run_id = ? AND guest_id = ? ORDER BY seq");
    s.bind(1, run_id);
    s.bind(2, guest_id);
    return all_rows<model::KernelEvent>(s, read_event);
  });
}

}  // namespace pinrig::store
