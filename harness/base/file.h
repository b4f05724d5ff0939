// SPDX-License-Identifier: GPL-2.0
// Files the way pinrig needs them: published whole or not at all, with every error reported.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace pinrig {

namespace fs = std::filesystem;

/// The whole file. Error kind bad_input if it cannot be opened, infra if reading fails.
Result<std::string> read_file(const fs::path& path);

/// All of `data` to a blocking descriptor; `path` is what errors call it.
Result<void> write_all(int fd, std::string_view data, const fs::path& path);

/// Writes `data` to a temporary file in the same directory and renames it to `path`: readers see the old file
/// or the new one.
Result<void> write_file_atomic(const fs::path& path, std::string_view data, int mode = 0644);

/// A new file DIR/PREFIXxxxxxxSUFFIX with a unique name, mode 0644; DIR is created if needed.
Result<fs::path> create_unique(const fs::path& dir, const std::string& prefix, const std::string& suffix);

/// fsync(2) of a file, syncfs(2) for a directory with all that is below it: a rename after it publishes what
/// the disk already has.
Result<void> sync_to_disk(const fs::path& path);

/// Renames a finished file or directory to `place`, which must not exist, on the same file system. The
/// content is on the disk before its name is, and the name before this returns: after a power loss there is
/// the whole or nothing.
Result<void> publish(const fs::path& finished, const fs::path& place);

/// Copies a regular file; holes stay holes where the file system can tell them (lseek(2), SEEK_DATA). `to` is
/// replaced.
Result<void> copy_sparse(const fs::path& from, const fs::path& to);

/// mkdir -p. Errors name the path.
Result<void> make_dirs(const fs::path& path);

/// Creates a new directory PARENT/NAME; if it exists, tries another name. `name` is
/// called once for each attempt.
Result<fs::path> claim_dir(const fs::path& parent, const std::function<std::string()>& name);

/// Bytes free to this user on the file system that holds `path` or its nearest existing parent.
Result<std::uintmax_t> free_bytes(const fs::path& path);

/// A directory of mode 0700 under `parent`, removed with its content by the destructor unless kept.
class TempDir {
 public:
  static Result<TempDir> create(const fs::path& parent, const std::string& prefix);
  TempDir(TempDir&& o) noexcept : path_(std::exchange(o.path_, fs::path{})) {}
  TempDir& operator=(TempDir&& o) noexcept;
  ~TempDir();
  const fs::path& path() const { return path_; }
  /// Gives up ownership: the directory stays.
  fs::path keep() { return std::exchange(path_, fs::path{}); }

 private:
  explicit TempDir(fs::path p) : path_(std::move(p)) {}
  fs::path path_;
};

/// The holder of a lock, as written to the lock file when it was acquired.
struct LockHolder {
  int pid = 0;             ///< 0: not in the file (yet)
  std::string host;        ///< its node name
  std::string doing;       ///< "run full"
  std::int64_t since = 0;  ///< seconds of the Unix epoch
};

/// "PID 4711 (run full)", with " on HOST" when that is another machine; "another pinrig" when not known.
std::string to_string(const LockHolder& holder);

/// The description of this process in the locks that it takes from now on: "run full".
void describe_this_process(const std::string& doing);

/// A wait for a lock, as reported.
struct LockWait {
  const fs::path& path;
  LockHolder holder;
  double waited_s = 0;
};
/// "waiting for PID 4711 (run full)"
std::string to_string(const LockWait& wait);

struct LockOptions {
  int cancel_fd = -1;                     ///< becomes readable when the wait must end; -1 = none
  Deadline deadline = Deadline::never();  ///< of the wait
  /// Called when the lock is not free at once, and then once a second.
  std::function<void(const LockWait&)> on_wait = {};
};

/// An exclusive flock(2) on a file, created if needed; held until destruction. Dies with the process,
/// so a killed run leaves no stale lock.
class FileLock {
 public:
  /// Blocks until the lock is ours. An unlocked FileLock when the deadline passed. Errors: cancelled; infra
  /// when the file system refuses (ENOLCK) or the process that waits for us was killed.
  static Result<FileLock> acquire(const fs::path& path, const LockOptions& options);
  /// Returns an unlocked FileLock (operator bool false) when another process holds it.
  static Result<FileLock> try_acquire(const fs::path& path);
  explicit operator bool() const { return static_cast<bool>(fd_); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// The holder named in a lock file; pid 0 when the file does not exist or names none.
LockHolder lock_holder(const fs::path& path);

}  // namespace pinrig
