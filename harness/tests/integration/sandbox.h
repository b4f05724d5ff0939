// SPDX-License-Identifier: GPL-2.0
// pinrig run as a user runs it, with a project, a cache and a state of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "process/process.h"

namespace pinrig::integration {

/// How a pinrig ended.
struct Ran {
  int code = -1;  ///< exit code; -1 when it did not exit by itself (`how` says)
  std::string how;
  std::string out;
  std::string err;
};
/// For assertions: everything it said.
std::ostream& operator<<(std::ostream& os, const Ran& ran);

/// Runs any program to its end; a failure to start is a test failure.
Ran run(const process::Command& command);

/// Directories of one test. `project` is the checkout itself until make_tiny_project() makes one of its own.
class Sandbox {
 public:
  Sandbox();

  /// A copy of the project with one base, "tiny": a source of four files that no compiler ever sees, and one
  /// series on it, "small". Imported in a fraction of a second.
  void make_tiny_project();

  process::Command command(std::vector<std::string> args) const;
  Ran pinrig(std::vector<std::string> args) const { return run(command(std::move(args))); }

  /// Writes (or replaces) a file; a relative path counts from the project. Parents are made.
  void put(const fs::path& path, const std::string& text, int mode = 0644) const;
  /// A shell script that is found in PATH before the real program.
  void fake(const std::string& name, const std::string& body);
  /// A PATH that holds everything of /usr/bin, /bin and /usr/sbin but what begins with `prefix`.
  void hide_programs(const std::string& prefix);

  /// Whether any run was started, that is, has a directory.
  bool has_runs() const;
  /// Processes that were started from this sandbox, directly or not; ours and zombies left out.
  std::vector<pid_t> processes() const;

  const fs::path root() const { return dir_.path(); }
  fs::path project;
  fs::path cache;
  fs::path state;
  std::map<std::string, std::string> env;

 private:
  TempDir dir_;
};

/// The newest line of `pinrig list` for a run, or "".
std::string listed(const Sandbox& box);
nlohmann::json read_json(const fs::path& file);

}  // namespace pinrig::integration
