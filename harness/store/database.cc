// SPDX-License-Identifier: GPL-2.0
#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>

namespace pinrig::store {
namespace {

// "PNRG": tells our files from those of other programs (file(1) shows it too).
constexpr int application_id = 0x504e5247;
constexpr int busy_ms = 30000;

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

// Why the accelerator was chosen, and the counters beside the pins.
constexpr const char* v2 = R"(
ALTER TABLE jobs ADD COLUMN accel_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE verdicts ADD COLUMN counters TEXT NOT NULL DEFAULT '{}';
)";

// Unmet expectations had been among the notes.
constexpr const char* v3 = "ALTER TABLE jobs ADD COLUMN unmet TEXT NOT NULL DEFAULT '[]';";

/// Entry i leads from version i to i + 1. Entries are never edited once published, only added.
constexpr std::array migrations{v1, v2, v3};

int user_version(SQLite::Database& db) { return db.execAndGet("PRAGMA user_version").getInt(); }

/// Bad input when the file is not ours or newer than this program.
Result<void> check_owner(const fs::path& file, SQLite::Database& db) {
  const int version = user_version(db);
  if (version > schema_version())
    return make_error(ErrorKind::bad_input,
                      fmt::format("{}: has schema version {}, this pinrig knows versions up to {}",
                                  file.string(), version, schema_version()),
                      "use the newer pinrig that wrote it, or another PINRIG_STATE");
  const bool empty = db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (!empty && db.execAndGet("PRAGMA application_id").getInt() != application_id)
    return make_error(ErrorKind::bad_input, file.string() + ": is a SQLite database of another program",
                      "point PINRIG_STATE at a folder of its own");
  return {};
}

/// Switching to WAL does not honour the busy handler, so the first processes take turns.
Result<void> use_wal(const fs::path& file, SQLite::Database& db) {
  if (db.execAndGet("PRAGMA journal_mode").getString() == "wal") return {};
  PINRIG_TRY(lock, FileLock::acquire(file.string() + ".lock", -1, nullptr));
  const std::string mode = db.execAndGet("PRAGMA journal_mode = WAL").getString();
  if (mode != "wal")
    return make_error(ErrorKind::infra,
                      fmt::format("{}: journal mode is {} instead of WAL", file.string(), mode),
                      "the file system lacks shared memory maps; put PINRIG_STATE on a local disk");
  return {};
}

}  // namespace

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

Error database_error(const fs::path& file, int code, const std::string& message) {
  const std::string text = fmt::format("{}: {}", file.string(), message);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return make_error(ErrorKind::disk_full, text,
                        "free some space, or point PINRIG_STATE at a larger disk");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return make_error(
          ErrorKind::infra, fmt::format("{}: is damaged or no database: {}", file.string(), message),
          "move it away and start afresh; the artifacts of its runs stay in their folders beside it");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return make_error(ErrorKind::infra,
                        fmt::format("{}: cannot be opened for writing: {}", file.string(), message),
                        "check the owner and mode of the file and its folder, or set PINRIG_STATE");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return make_error(
          ErrorKind::infra,
          fmt::format("{}: held by another process for {} s: {}", file.string(), busy_ms / 1000, message),
          "fuser(1) on the file tells which one");
    case SQLITE_IOERR:
      // The index of the log (results.db-shm) is 32 KiB that even a reader needs.
      if (code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMMAP)
        return make_error(ErrorKind::disk_full, text,
                          "free some space, or point PINRIG_STATE at a larger disk");
      return make_error(ErrorKind::infra, text, "the disk refuses; see the kernel log and `df`");
    default:
      return make_error(ErrorKind::infra, text);
  }
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const fs::path& file) {
  PINRIG_CHECK(make_dirs(fs::absolute(file).parent_path()));
  const auto connect = [&](bool alone) -> Result<std::unique_ptr<Impl>> {
    auto made = std::make_unique<Impl>(
        Impl{file, SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_ms)});
    if (alone) made->db.exec("PRAGMA locking_mode = EXCLUSIVE");
    PINRIG_CHECK(check_owner(file, made->db));
    PINRIG_CHECK(use_wal(file, made->db));
    made->db.exec("PRAGMA synchronous = FULL");
    migrate(made->db, schema_version());
    // Only now: ALTER TABLE of a later migration may need them off.
    made->db.exec("PRAGMA foreign_keys = ON");
    return made;
  };
  auto impl = guarded(file, [&] { return connect(false); });
  // Without room for its index on the disk SQLite keeps it in memory, if nobody else has the file open: what
  // was measured can be read.
  if (impl.has_error() && impl.error().kind == ErrorKind::disk_full)
    impl = guarded(file, [&] { return connect(true); });
  if (impl.has_error()) return std::move(impl).error();
  return Store(*std::move(impl));
}

}  // namespace pinrig::store
