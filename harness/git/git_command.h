// SPDX-License-Identifier: GPL-2.0
// Git as pinrig runs it: the same on every machine, independent of the user's configuration. Private to the
// module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "git/source.h"
#include "process/process.h"

namespace pinrig::git {

/// Used for every commit of ours, so that the same content has the same id everywhere.
inline constexpr const char* kIdent = "pinrig <pinrig@localhost> 946684800 +0000";

/// One git command. `repo` becomes --git-dir when set.
struct Call {
  std::vector<std::string> args;
  fs::path repo;
  fs::path cwd;
  std::map<std::string, std::string> env;
  std::string input;
  bool user_config = false;  ///< for fetching from the network: the user's proxies and credentials
};

class Git {
 public:
  /// Writes the configuration that replaces the user's and the system's.
  static Result<Git> open(const WorkContext& ctx);

  /// Runs to the end; a non-zero exit code is a value. Errors: cancelled, disk_full, missing_tool.
  Result<process::Finished> run(const Call& call, const process::Sinks& sinks = {}) const;
  /// run(), then an Error of `kind` with git's message unless it exited with 0.
  Result<process::Finished> run_ok(const Call& call, ErrorKind kind = ErrorKind::infra) const;
  /// stdout of run_ok without the newline at its end.
  Result<std::string> text(const Call& call, ErrorKind kind = ErrorKind::infra) const;

  const CancelToken& cancel() const { return *cancel_; }
  void progress(const std::string& what, std::uint64_t done, std::uint64_t total) const;

 private:
  Git(const WorkContext& ctx, fs::path config);
  const CancelToken* cancel_;
  std::function<void(const Progress&)> progress_;
  fs::path config_;
};

/// An Error for a git command that failed: disk_full when git says so, else `kind`.
Error failed(const Call& call, const process::Finished& done, ErrorKind kind);

/// An empty bare repository without hooks that never collects garbage by itself.
Result<void> init_bare(const Git& git, const fs::path& path);

/// disk_full unless `need` bytes are free where `path` is; `what` starts the message.
Result<void> need_space(const fs::path& path, std::uintmax_t need, const std::string& what);

/// A lock of the cache; the progress line names its holder while waiting.
Result<FileLock> lock_file(const fs::path& path, const Git& git);

}  // namespace pinrig::git
