// SPDX-License-Identifier: GPL-2.0
// How pinrig runs other programs: the only user of Boost.Process, and the only reaper.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cancel.h"
#include "base/deadline.h"
#include "base/file.h"
#include "base/result.h"

namespace pinrig::process {

/// A program to run: argv only, never a shell string.
struct Command {
  std::vector<std::string> argv;           ///< argv[0] is looked up in PATH
  fs::path cwd;                            ///< empty: ours
  std::map<std::string, std::string> env;  ///< added to (or replacing in) our environment
  std::vector<std::string> unset;          ///< variables removed from it
  /// Names (with '*') of the variables inherited from our environment; all when not set.
  std::optional<std::vector<std::string>> inherit = std::nullopt;
  std::string input;  ///< stdin; empty = /dev/null
  Deadline deadline = Deadline::never();
};

/// For Command::inherit of compilers and of what runs them: where programs, the home and temporary files are,
/// and ccache's own settings. Variables that change what is built from the same sources are not among them:
/// MAKEFLAGS, GNUMAKEFLAGS, CFLAGS, CPATH, KBUILD_*, COMPILER_PATH.
const std::vector<std::string>& build_variables();
/// The variables of our own environment whose names match a pattern ("CCACHE_COMPRESS*"), sorted by name.
std::map<std::string, std::string> own_variables(const std::vector<std::string>& patterns);

// How a program ended: never an int, so that "exit 11" and SIGSEGV are distinct.
struct Exited {
  int code = 0;
};
struct Signaled {
  int signo = 0;
};
struct TimedOut {};
struct Cancelled {};
struct Unkillable {};  ///< it survived SIGKILL (state D) and is left alone
using ExitStatus = std::variant<Exited, Signaled, TimedOut, Cancelled, Unkillable>;
/// "exit 2", "killed by SIGSEGV", "timed out", "interrupted", "survived SIGKILL".
std::string to_string(const ExitStatus& status);
inline bool succeeded(const ExitStatus& s) {
  const auto* e = std::get_if<Exited>(&s);
  return e != nullptr && e->code == 0;
}

struct Finished {
  ExitStatus status;
  std::string out;  ///< stdout, unless a sink took it
  std::string err;  ///< stderr
  double wall_s = 0;
  double cpu_s = 0;  ///< user + system of the process and its waited-for children
};

/// Sinks for output as it comes; an unset one collects into Finished.
struct Sinks {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  /// Source of stdin for what is too large for Command::input: called when the child can take more, sets
  /// the next piece (not empty), returns false at the end. Not called again once the child closed stdin.
  std::function<bool(std::string& piece)> in;
};

/// Runs to the end. The child is a process group of its own with PDEATHSIG; a deadline or cancellation
/// kills the group, and so does the end of its first process: no process remains. Output that was written
/// before that end is complete. Error (missing_tool) when argv[0] is not found, infra when it cannot be
/// started. A non-zero exit is not an Error.
Result<Finished> run(const Command& command, const CancelToken& cancel, const Sinks& sinks = {});

/// run(), then an Error of `kind` with argv, status and the end of stderr unless it exited 0.
Result<Finished> run_ok(const Command& command, const CancelToken& cancel, ErrorKind kind = ErrorKind::infra);

/// A program that runs in parallel (QEMU). Its stdout and stderr go to `log`, which is emptied first;
/// Command::deadline does not apply. The destructor kills the group and reaps. May be started by a thread
/// that ends before it: the parent in the sense of PDEATHSIG is a thread that lives as long as pinrig.
class Child {
 public:
  static Result<Child> start(const Command& command, const fs::path& log);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  pid_t pid() const;
  /// Becomes readable when the process ends: for the one wait point of the caller.
  int pidfd() const;
  /// Waits for the end (without killing); TimedOut or Cancelled mean it still runs.
  ExitStatus wait(Deadline deadline, const CancelToken& cancel);
  /// SIGKILL to the group, then reap.
  ExitStatus kill();
  double cpu_s() const;  ///< user + system, after the end

 private:
  struct Impl;
  explicit Child(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Runs a program with our terminal as its own (stdin, stdout, stderr, process group) and gives the terminal
/// back as it was. Kills it on cancellation.
Result<ExitStatus> run_foreground(const std::vector<std::string>& argv, const CancelToken& cancel);

/// Full path of a program in PATH (or of one named with a '/'), or empty.
fs::path find_program(const std::string& name);

}  // namespace pinrig::process
