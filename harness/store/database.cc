// SPDX-License-Identifier: GPL-2.0
#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace pinrig::store {
namespace {

constexpr int busy_ms = 30000;

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
