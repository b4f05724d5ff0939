// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "procstat.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// How a process ended, as the kernel tells: exit code 11 and SIGSEGV are different things.
struct Ended {
  bool signaled = false;
  int code = 0;  ///< exit code or signal number
};

/// What SIGKILL did not end.
struct Stuck {
  std::vector<wire::StuckProcess> processes;  ///< the first few
  int count = 0;
};
/// "2 processes do not die of SIGKILL: 123 (fio) in state D, ...", empty when there are none.
std::string in_words(const Stuck& stuck);

/// Every process in the guest. All that are not PID 1 belong to the running test: orphans come to us.
class Processes {
 public:
  /// Blocks SIGCHLD and takes it as a descriptor; keeps /proc open, which a test may unmount.
  Processes();
  /// Readable when a child has changed.
  int signal_fd() const { return signals_.get(); }

  /// Reaps whatever is dead; the end of `main` when it was among them.
  std::optional<Ended> reap(pid_t main);
  /// Whether nothing is left of a test whose own process has been reaped.
  static bool childless();
  /// Processes in which code of a test can still run, without those reported stuck before. Reads
  /// all of /proc, which under TCG takes longer than a small test.
  std::vector<ProcStat> alive() const;
  /// SIGTERM to everything and a wait for it to end by itself, then what kill_all() does with the rest.
  Stuck end_all(double limit_ms);
  /// SIGKILL to everything, until there are no children or for `limit_ms` none has died. Returns what would
  /// not die, once; a process in uninterruptible sleep cannot be waited for.
  Stuck kill_all(double limit_ms);

 private:
  void wait_for_child(double ms);
  /// Reaps until there are no children, which it says, or `ms` are over.
  bool reap_all(double ms);
  Stuck report_stuck(const std::vector<ProcStat>& left);
  std::string stack_of(int pid) const;
  /// Every process but us and the kernel's threads, dying ones too.
  std::vector<ProcStat> all() const;

  UniqueFd signals_;
  UniqueFd proc_;
  std::uint64_t reaped_ = 0;
  std::vector<std::pair<int, std::uint64_t>> stuck_;  ///< pid and start time
  bool stuck_exiting_ =
      false;  ///< reported: killed, no code of theirs can run, and they do not become zombies
};

}  // namespace pinrig::agent
