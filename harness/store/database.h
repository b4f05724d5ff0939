// SPDX-License-Identifier: GPL-2.0
// The connection, its schema and how SQLite's errors become ours. Private to store.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <type_traits>

#include "store/store.h"

namespace pinrig::store {

struct Store::Impl {
  fs::path file;
  SQLite::Database db;
};

/// In the columns taint_before and taint_after: not known. No kernel sets all 64 bits.
inline constexpr std::int64_t unknown_taint = -1;

/// "PNRG": tells our files from those of other programs (file(1) shows it too).
inline constexpr int application_id = 0x504e5247;

/// The schema version of a database.
int user_version(SQLite::Database& db);

/// SQLite's journal for a file on a file system of this type (statfs(2), f_type): "wal", or "delete" if hosts
/// do not share memory, so that the log's index (results.db-shm) would differ between them: NFS, SMB, Lustre,
/// Ceph, GPFS, FUSE and their kind. See "WAL does not work over a network filesystem" in SQLite's wal.html.
const char* journal_mode_for(long f_type);

/// Migrates a database from its version to `target` in one transaction; a no-op if it has that version.
/// Throws SQLite::Exception.
void migrate(SQLite::Database& db, int target);

/// SQLite's result code (primary or extended) with its message as an Error that names the file.
Error database_error(const fs::path& file, int code, const std::string& message);

/// T, or T itself when it is a Result already.
template <typename T>
struct AsResult {
  using type = Result<T>;
};
template <typename T>
struct AsResult<Result<T>> {
  using type = Result<T>;
};

/// Runs `body`; turns SQLite's exceptions into an Error.
template <typename F>
auto guarded(const fs::path& file, F body) -> typename AsResult<decltype(body())>::type {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const SQLite::Exception& e) {
    return database_error(file, e.getExtendedErrorCode(), e.what());
  } catch (const std::exception& e) {
    return make_error(ErrorKind::infra, file.string() + ": " + e.what());
  }
}

}  // namespace pinrig::store
