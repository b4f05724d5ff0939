// SPDX-License-Identifier: GPL-2.0
// Files the way pinrig needs them: published whole or not at all, and never lost without an error.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pinrig {

namespace fs = std::filesystem;

/// The whole file. Error kind bad_input if it cannot be opened, infra if reading fails.
Result<std::string> read_file(const fs::path& path);

/// All of `data` to a blocking descriptor; `path` is what errors call it.
Result<void> write_all(int fd, std::string_view data, const fs::path& path);

/// Writes `data` beside `path` and renames it over: readers see the old file or the new one.
Result<void> write_file_atomic(const fs::path& path, std::string_view data, int mode = 0644);

/// Copies a regular file; holes stay holes where the file system can tell them (lseek(2), SEEK_DATA). `to` is
/// replaced.
Result<void> copy_sparse(const fs::path& from, const fs::path& to);

/// mkdir -p. Errors name the path.
Result<void> make_dirs(const fs::path& path);

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

/// An exclusive flock(2) on a file, created if need be; held until destruction. Dies with the process,
/// so a killed run leaves no stale lock.
class FileLock {
 public:
  /// Blocks until the lock is free or `cancel_fd` (an eventfd, -1 for none) becomes readable. `on_wait`
  /// is called once when the lock is not free at once.
  static Result<FileLock> acquire(const fs::path& path, int cancel_fd, void (*on_wait)(const fs::path&));
  /// Returns an unlocked FileLock (operator bool false) when somebody else holds it.
  static Result<FileLock> try_acquire(const fs::path& path);
  explicit operator bool() const { return static_cast<bool>(fd_); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace pinrig
