// SPDX-License-Identifier: GPL-2.0
// STATE/bisections/ID/bisect.log while a search runs. Private to the module but for the names.
#pragma once

#include <string>

#include "base/file.h"
#include "bisect/log.h"

namespace pinrig::bisection {

/// The log of a search, held by this process. Every line is on the disk before append() returns.
class LogFile {
 public:
  /// A new search with a folder of its own, named by the time.
  static Result<LogFile> create(const fs::path& state, const bisect::Log& log);
  /// An earlier one: what was being written when pinrig was killed is cut off. bad_usage when another pinrig
  /// continues it.
  static Result<LogFile> reopen(const fs::path& file);

  const fs::path& path() const { return path_; }
  Result<void> append(const std::string& line);

 private:
  LogFile(fs::path path, UniqueFd fd, FileLock lock)
      : path_(std::move(path)), fd_(std::move(fd)), lock_(std::move(lock)) {}
  fs::path path_;
  UniqueFd fd_;
  FileLock lock_;
};

/// The file that `word` means: a path, the id of a search in STATE, or "last". bad_usage when there is none.
Result<fs::path> find_log(const fs::path& state, const std::string& word);

/// Reads and parses it.
Result<bisect::Log> read_log(const fs::path& file);

/// Now, as the log has it: ISO 8601, UTC.
std::string log_time();

}  // namespace pinrig::bisection
