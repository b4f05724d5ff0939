// SPDX-License-Identifier: GPL-2.0
#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include "base/log.h"

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

/// Switching does not honour the busy handler, so the first processes take turns.
Result<void> use_journal(const fs::path& file, SQLite::Database& db) {
  struct statfs where = {};
  const bool known = ::statfs(fs::absolute(file).parent_path().c_str(), &where) == 0;
  const std::string wanted = known ? journal_mode_for(where.f_type) : "wal";
  if (db.execAndGet("PRAGMA journal_mode").getString() == wanted) return {};
  PINRIG_TRY(lock, FileLock::acquire(file.string() + ".lock", {}));
  const std::string mode = db.execAndGet("PRAGMA journal_mode = " + wanted).getString();
  if (mode != wanted)
    return make_error(
        ErrorKind::infra, fmt::format("{}: journal mode is {} instead of {}", file.string(), mode, wanted),
        wanted == "wal" ? "the file system lacks shared memory maps; put PINRIG_STATE on a local disk"
                        : "another pinrig has the file open; try again when it is done");
  if (wanted != "wal")
    spdlog::info(
        "{} is on a network file system: using a rollback journal, so that several hosts can use it; one of "
        "them can write at a time",
        file.string());
  return {};
}

/// Whether the folder of `file` takes no further file for want of room.
bool disk_is_full(const fs::path& file) {
  std::error_code none;
  if (!fs::is_directory(fs::absolute(file).parent_path(), none)) return false;
  const auto probe = create_unique(fs::absolute(file).parent_path(), ".room-", "");
  if (probe.has_error()) return probe.error().kind == ErrorKind::disk_full;
  std::error_code ec;
  fs::remove(*probe, ec);
  return false;
}

}  // namespace

const char* journal_mode_for(long f_type) {
  // From linux/magic.h and the file systems' own sources; f_type is signed on some architectures.
  static constexpr std::array<std::uint32_t, 18> shared{
      0x6969,      // NFS
      0x517b,      // SMB
      0xff534d42,  // CIFS
      0xfe534d42,  // SMB 2
      0x0bd00bd0,  // Lustre
      0x00c36400,  // Ceph
      0x47504653,  // GPFS
      0x19830326,  // BeeGFS
      0xaad7aaea,  // PanFS
      0x5346414f,  // OpenAFS
      0x6b414653,  // kAFS
      0x01021997,  // 9P
      0x65735546,  // FUSE, virtiofs: sshfs, GlusterFS, a host's folder
      0x7461636f,  // OCFS2
      0x01161970,  // GFS2
      0x20030528,  // OrangeFS
      0x73757245,  // Coda
      0x786f4256,  // VirtualBox's shared folders
  };
  const bool network =
      std::find(shared.begin(), shared.end(), static_cast<std::uint32_t>(f_type)) != shared.end();
  return network ? "delete" : "wal";
}

Error database_error(const fs::path& file, int code, const std::string& message) {
  const std::string text = fmt::format("{}: {}", file.string(), message);
  // SQLite has other names for it when a file cannot be made, or does not reach the disk.
  const int primary = code & 0xff;
  if ((primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR || primary == SQLITE_READONLY) &&
      disk_is_full(file))
    return make_error(ErrorKind::disk_full, fmt::format("{}: {}", file.string(), message),
                      "free some space, or point PINRIG_STATE at a larger disk");
  switch (code & 0xff) {
    case SQLITE_FULL:
      return make_error(ErrorKind::disk_full, text,
                        "free some space, or point PINRIG_STATE at a larger disk");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return make_error(
          ErrorKind::infra, fmt::format("{}: is damaged or not a database: {}", file.string(), message),
          "move it away to start with an empty one; the artifacts of its runs stay in their folders");
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
          "find the process with fuser(1)");
    case SQLITE_IOERR:
      // The index of the log (results.db-shm) is 32 KiB that even a reader needs.
      if (code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMMAP)
        return make_error(ErrorKind::disk_full, text,
                          "free some space, or point PINRIG_STATE at a larger disk");
      return make_error(ErrorKind::infra, text, "I/O error: see the kernel log and `df`");
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
    PINRIG_CHECK(use_journal(file, made->db));
    made->db.exec("PRAGMA synchronous = FULL");
    migrate(made->db, schema_version());
    // Only now: ALTER TABLE of a later migration may need them off.
    made->db.exec("PRAGMA foreign_keys = ON");
    return made;
  };
  auto impl = guarded(file, [&] { return connect(false); });
  // Without disk space for its index SQLite keeps it in memory, if no other process has the file open: stored
  // results can still be read.
  if (impl.has_error() && impl.error().kind == ErrorKind::disk_full)
    impl = guarded(file, [&] { return connect(true); });
  if (impl.has_error()) return std::move(impl).error();
  return Store(*std::move(impl));
}

}  // namespace pinrig::store
