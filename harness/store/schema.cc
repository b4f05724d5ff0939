// SPDX-License-Identifier: GPL-2.0
// The schema of results.db, and the way from each version to the next.
#include <fmt/format.h>

#include <array>

#include "store/database.h"

namespace pinrig::store {
namespace {

constexpr const char* v1 = R"(
CREATE TABLE runs(
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, base TEXT NOT NULL, series TEXT NOT NULL, started TEXT NOT NULL,
  finished TEXT NOT NULL, state TEXT NOT NULL, exit_code INTEGER NOT NULL,
  dir TEXT NOT NULL, host TEXT NOT NULL);
CREATE TABLE jobs(
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  cell_id TEXT NOT NULL, point INTEGER NOT NULL, label TEXT NOT NULL, subject TEXT NOT NULL,
  is_tip INTEGER NOT NULL,
  arch TEXT NOT NULL, config TEXT NOT NULL, machine TEXT NOT NULL, accel TEXT NOT NULL,
  cpu_model TEXT NOT NULL,
  kernel_key TEXT NOT NULL, kernel_release TEXT NOT NULL, outcome TEXT NOT NULL, phase TEXT NOT NULL,
  detail TEXT NOT NULL, build_wall_s REAL NOT NULL, build_cached INTEGER NOT NULL, boot_s REAL NOT NULL,
  wall_s REAL NOT NULL, dir TEXT NOT NULL, capabilities TEXT NOT NULL, notes TEXT NOT NULL,
  UNIQUE(run_id, cell_id));
CREATE TABLE verdicts(
  job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, seq INTEGER NOT NULL, test TEXT NOT NULL,
  case_name TEXT NOT NULL, verdict TEXT NOT NULL, detail TEXT NOT NULL, line INTEGER NOT NULL,
  expected INTEGER NOT NULL, expectation TEXT NOT NULL, wall_s REAL NOT NULL, numbers TEXT NOT NULL,
  ledger INTEGER, acquired_before INTEGER, released_before INTEGER, acquired_after INTEGER,
  released_after INTEGER,
  settled_before INTEGER, settled_after INTEGER, settle_ms REAL, claim_mode INTEGER, claim_pages INTEGER,
  claim_skew INTEGER, taint_before INTEGER NOT NULL, taint_after INTEGER NOT NULL,
  PRIMARY KEY(job, seq)) WITHOUT ROWID;
CREATE TABLE events(
  job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  title TEXT NOT NULL, function TEXT NOT NULL, first_line INTEGER NOT NULL, last_line INTEGER NOT NULL,
  owner TEXT NOT NULL, fatal INTEGER NOT NULL, PRIMARY KEY(job, seq)) WITHOUT ROWID;
)";

// Why the accelerator was chosen, and the other counters.
constexpr const char* v2 = R"(
ALTER TABLE jobs ADD COLUMN accel_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE verdicts ADD COLUMN counters TEXT NOT NULL DEFAULT '{}';
)";

// Unmet expectations had been among the notes.
constexpr const char* v3 = "ALTER TABLE jobs ADD COLUMN unmet TEXT NOT NULL DEFAULT '[]';";

// A run is a tree of kernels and guests; a verdict is what was seen, and what is thought of it has columns of
// its own. The rows of version 3 hold both in one: known issues had replaced the verdict, with the word that
// was seen in front of the detail, and faults were the end of a run's name.
constexpr const char* v4 = R"(
ALTER TABLE runs ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
UPDATE runs SET faults = 1, spec = substr(spec, 1, length(spec) - 7) WHERE spec LIKE '%+faults';
CREATE TABLE kernels(
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  kernel_id TEXT NOT NULL, point INTEGER NOT NULL, label TEXT NOT NULL, subject TEXT NOT NULL,
  commit_id TEXT NOT NULL, tree TEXT NOT NULL, patch_id TEXT NOT NULL, version TEXT NOT NULL,
  is_tip INTEGER NOT NULL, arch TEXT NOT NULL, config TEXT NOT NULL, fragments TEXT NOT NULL,
  state TEXT NOT NULL, failure TEXT NOT NULL, build_log TEXT NOT NULL, key TEXT NOT NULL,
  cached INTEGER NOT NULL, build_wall_s REAL NOT NULL, dir TEXT NOT NULL, notes TEXT NOT NULL,
  unmet TEXT NOT NULL, known TEXT NOT NULL, lost TEXT NOT NULL, UNIQUE(run_id, kernel_id));
CREATE INDEX kernels_key ON kernels(key);
CREATE TABLE guests(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kernel INTEGER NOT NULL REFERENCES kernels(id) ON DELETE CASCADE,
  run_id TEXT NOT NULL, guest_id TEXT NOT NULL, reason TEXT NOT NULL, machine TEXT NOT NULL,
  planned INTEGER NOT NULL, outcome TEXT, phase TEXT NOT NULL, detail TEXT NOT NULL, accel TEXT NOT NULL,
  accel_reason TEXT NOT NULL, cpu_model TEXT NOT NULL, release TEXT NOT NULL, boot_s REAL NOT NULL,
  wall_s REAL NOT NULL, dir TEXT NOT NULL, capabilities TEXT NOT NULL, counters INTEGER NOT NULL,
  setup TEXT NOT NULL, notes TEXT NOT NULL, UNIQUE(run_id, guest_id));
CREATE INDEX guests_kernel ON guests(kernel);
CREATE TABLE attempts(
  guest INTEGER NOT NULL REFERENCES guests(id) ON DELETE CASCADE, number INTEGER NOT NULL,
  outcome TEXT NOT NULL, phase TEXT NOT NULL, detail TEXT NOT NULL, boot_s REAL NOT NULL,
  wall_s REAL NOT NULL, dir TEXT NOT NULL, PRIMARY KEY(guest, number)) WITHOUT ROWID;
CREATE TABLE results(
  guest INTEGER NOT NULL REFERENCES guests(id) ON DELETE CASCADE, seq INTEGER NOT NULL, test TEXT NOT NULL,
  case_name TEXT NOT NULL, verdict TEXT NOT NULL, detail TEXT NOT NULL, diagnostics TEXT NOT NULL,
  line INTEGER NOT NULL, foreseen INTEGER NOT NULL, wall_s REAL NOT NULL, numbers TEXT NOT NULL,
  ledger INTEGER, acquired_before INTEGER, released_before INTEGER, acquired_after INTEGER,
  released_after INTEGER, settled_before INTEGER, settled_after INTEGER, settle_ms REAL, claim_mode INTEGER,
  claim_pages INTEGER, claim_skew INTEGER, taint_before INTEGER NOT NULL, taint_after INTEGER NOT NULL,
  counters TEXT NOT NULL, rule TEXT, rule_reason TEXT, rule_reference TEXT, PRIMARY KEY(guest, seq))
  WITHOUT ROWID;
CREATE TABLE kernel_events(
  guest INTEGER NOT NULL REFERENCES guests(id) ON DELETE CASCADE, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  title TEXT NOT NULL, function TEXT NOT NULL, first_line INTEGER NOT NULL, last_line INTEGER NOT NULL,
  owner TEXT NOT NULL, fatal INTEGER NOT NULL, count INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY(guest, seq)) WITHOUT ROWID;
-- The guests of a kernel have its point, architecture and configuration; the shortest name is the main one's.
INSERT INTO kernels(run_id, kernel_id, point, label, subject, commit_id, tree, patch_id, version, is_tip,
  arch,
                    config, fragments, state, failure, build_log, key, cached, build_wall_s, dir, notes,
                      unmet,
                    known, lost)
  SELECT run_id, (SELECT m.cell_id FROM jobs m WHERE m.run_id = j.run_id AND m.point = j.point AND m.arch =
    j.arch
                  AND m.config = j.config ORDER BY length(m.cell_id), m.id LIMIT 1),
         point, label, subject, '', '', '', '', is_tip, arch, '',
         '["' || replace(config, '+', '","') || '"]',
         CASE WHEN outcome IN ('apply_failed', 'build_failed') THEN outcome
              WHEN kernel_key = '' AND outcome IN ('infra_error', 'cancelled') THEN outcome ELSE 'built' END,
         CASE WHEN outcome IN ('apply_failed', 'build_failed') THEN detail ELSE '' END,
         '', kernel_key, build_cached, max(build_wall_s), dir, '[]',
         (SELECT json_group_array(e.value) FROM jobs m, json_each(m.unmet) e WHERE m.run_id = j.run_id
          AND m.point = j.point AND m.arch = j.arch AND m.config = j.config),
         '[]', '[]'
  FROM jobs j GROUP BY run_id, point, arch, config ORDER BY min(id);
INSERT INTO guests(id, kernel, run_id, guest_id, reason, machine, planned, outcome, phase, detail, accel,
                   accel_reason, cpu_model, release, boot_s, wall_s, dir, capabilities, counters, setup,
                     notes)
  SELECT j.id, k.id, j.run_id, j.cell_id, '', j.machine,
         (SELECT count(*) FROM verdicts v WHERE v.job = j.id AND v.case_name = ''), j.outcome, j.phase,
           j.detail,
         j.accel, j.accel_reason, j.cpu_model, j.kernel_release, j.boot_s, j.wall_s, j.dir, j.capabilities, 1,
         '[]', j.notes
  FROM jobs j JOIN kernels k ON k.run_id = j.run_id AND k.point = j.point AND k.arch = j.arch
       AND k.fragments = '["' || replace(j.config, '+', '","') || '"]';
INSERT INTO results
  SELECT job, seq, test, case_name,
         CASE WHEN verdict <> 'xfail' OR expectation NOT LIKE 'known issue %' THEN verdict
              WHEN detail LIKE 'leak%' THEN 'leak' WHEN detail LIKE 'fail%' THEN 'fail'
              WHEN detail LIKE 'crash%' THEN 'crash' WHEN detail LIKE 'timeout%' THEN 'timeout'
              WHEN detail LIKE 'error%' THEN 'error' WHEN detail LIKE 'xpass%' THEN 'xpass' ELSE verdict END,
         detail, '[]', line, 0, wall_s, numbers, ledger, acquired_before, released_before, acquired_after,
         released_after, settled_before, settled_after, settle_ms, claim_mode, claim_pages, claim_skew,
         taint_before, taint_after, counters,
         CASE WHEN NOT expected THEN CASE WHEN expectation <> '' THEN 'otherwise' ELSE 'failure' END
              WHEN expectation LIKE 'known issue %' THEN 'known_issue'
              WHEN expectation <> '' THEN 'expectation' ELSE 'fine' END,
         expectation, ''
  FROM verdicts;
INSERT INTO kernel_events
  SELECT job, seq, kind, title, function, first_line, last_line, owner, fatal, 1, '[]' FROM events;
DROP TABLE events;
DROP TABLE verdicts;
DROP TABLE jobs;
)";

// Verdicts against a test apart from its cases; not known for earlier rows.
constexpr const char* v5 = "ALTER TABLE results ADD COLUMN own TEXT NOT NULL DEFAULT '[]';";

// Kernels whose code is that of an earlier point, warnings as facts, and which series a run was of.
constexpr const char* v6 = R"(
ALTER TABLE kernels ADD COLUMN inherits TEXT NOT NULL DEFAULT '';
ALTER TABLE kernels ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';
CREATE TABLE series(
  run_id TEXT PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE, change_id TEXT NOT NULL,
  version INTEGER NOT NULL, message_id TEXT NOT NULL, patchset_hash TEXT NOT NULL);
CREATE INDEX series_message ON series(message_id);
CREATE TABLE patches(
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, point INTEGER NOT NULL, patch_id TEXT NOT NULL,
  subject TEXT NOT NULL, commit_id TEXT NOT NULL, message_id TEXT NOT NULL, PRIMARY KEY(run_id, point))
  WITHOUT ROWID;
CREATE INDEX patches_id ON patches(patch_id);
CREATE INDEX patches_message ON patches(message_id);
)";

// Source lines of the frames in kernel reports; the reports that speak against a test, and what else does. Of
// earlier rows it is not known: all their verdicts have another reason.
constexpr const char* v7 = R"(
ALTER TABLE kernel_events ADD COLUMN lines TEXT NOT NULL DEFAULT '[]';
ALTER TABLE results ADD COLUMN splats TEXT NOT NULL DEFAULT '[]';
ALTER TABLE results ADD COLUMN apart TEXT NOT NULL DEFAULT '[]';
UPDATE results SET apart = own;
)";

// How often a run was interrupted and went on; why a guest stopped answering.
constexpr const char* v8 = R"(
ALTER TABLE runs ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN loss TEXT NOT NULL DEFAULT 'none';
ALTER TABLE attempts ADD COLUMN evidence TEXT NOT NULL DEFAULT '[]';
)";

// Where a patch applied (JSON, empty: where it says) and what it touches; files of which a kernel has
// nothing.
constexpr const char* v9 = R"(
ALTER TABLE patches ADD COLUMN fit TEXT NOT NULL DEFAULT '';
ALTER TABLE patches ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
ALTER TABLE kernels ADD COLUMN unbuilt TEXT NOT NULL DEFAULT '[]';
)";

// The memory of a guest, saved for crash and drgn (JSON; empty: it was not asked for).
constexpr const char* v10 = R"(
ALTER TABLE attempts ADD COLUMN dump TEXT NOT NULL DEFAULT '';
)";

// For what is new since an earlier night: verdicts and rules of all runs in a narrow table, which triggers
// keep equal to `results`; 500 runs of it are read in the time that 5 take there. `selection` of earlier runs
// is not known. A baseline outlives its run, so that its absence can be reported.
constexpr const char* v11 = R"(
ALTER TABLE runs ADD COLUMN selection TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_line ON runs(spec, base, series);
CREATE TABLE baselines(name TEXT PRIMARY KEY, run_id TEXT NOT NULL, created TEXT NOT NULL, note TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE names(id INTEGER PRIMARY KEY, test TEXT NOT NULL, case_name TEXT NOT NULL,
  UNIQUE(test, case_name));
CREATE TABLE marks(
  guest INTEGER NOT NULL REFERENCES guests(id) ON DELETE CASCADE, name INTEGER NOT NULL REFERENCES names(id),
  seq INTEGER NOT NULL, verdict TEXT NOT NULL, rule TEXT, PRIMARY KEY(guest, name)) WITHOUT ROWID;
INSERT INTO names(test, case_name) SELECT DISTINCT test, case_name FROM results;
INSERT OR IGNORE INTO marks SELECT r.guest, n.id, r.seq, r.verdict, r.rule FROM results r
  JOIN names n ON n.test = r.test AND n.case_name = r.case_name ORDER BY r.guest, r.seq;
CREATE TRIGGER results_inserted AFTER INSERT ON results BEGIN
  INSERT OR IGNORE INTO names(test, case_name) VALUES(NEW.test, NEW.case_name);
  INSERT OR IGNORE INTO marks SELECT NEW.guest, id, NEW.seq, NEW.verdict, NEW.rule FROM names
    WHERE test = NEW.test AND case_name = NEW.case_name;
END;
CREATE TRIGGER results_assessed AFTER UPDATE OF rule ON results BEGIN
  UPDATE marks SET rule = NEW.rule WHERE guest = NEW.guest AND seq = NEW.seq AND name =
    (SELECT id FROM names WHERE test = NEW.test AND case_name = NEW.case_name);
END;
)";

/// Entry i leads from version i to i + 1. Entries are never edited once published, only added.
constexpr std::array migrations{v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11};

}  // namespace

int user_version(SQLite::Database& db) { return db.execAndGet("PRAGMA user_version").getInt(); }

int schema_version() { return static_cast<int>(migrations.size()); }

void migrate(SQLite::Database& db, int target) {
  if (user_version(db) >= target) return;
  SQLite::Transaction all(db, SQLite::TransactionBehavior::IMMEDIATE);
  // Another process may have done it while this one waited for the lock.
  for (int v = user_version(db); v < target; ++v) db.exec(migrations.at(static_cast<std::size_t>(v)));
  db.exec(fmt::format("PRAGMA application_id = {}", application_id));
  db.exec(fmt::format("PRAGMA user_version = {}", target));
  all.commit();
}

}  // namespace pinrig::store
