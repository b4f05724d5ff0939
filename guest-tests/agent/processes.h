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

/// How a process ended, as reported by the kernel: exit code 11 and SIGSEGV are different things.
struct Ended {
  bool signaled = false;
  int code = 0;  ///< exit code or signal number
};

/// Processes that survived SIGKILL.
struct Stuck {
  std::vector<wire::StuckProcess> processes;  ///< the first few
  int count = 0;
};
/// "2 processes survived SIGKILL: 123 (fio) in state D, ...", empty when there are none.
std::string in_words(const Stuck& stuck);

/// Every process in the guest. All but PID 1 belong to the running test: orphans are reparented to us.
class Processes {
 public:
  /// Blocks SIGCHLD and takes it as a descriptor; keeps /proc open, which a test may unmount.
  Processes();
  /// Readable when a child has changed.
  int signal_fd() const { return signals_.get(); }

  /// Reaps all dead children; returns the end of `main` if it was among them.
  std::optional<Ended> reap(pid_t main);
  /// Whether no process of a test is left after its main process was reaped.
  static bool childless();
  /// Processes in which code of a test can still run, without those reported stuck before. Reads
  /// all of /proc, which under TCG takes longer than a small test.
  std::vector<ProcStat> alive() const;
  /// SIGTERM to everything and a wait for it to end by itself, then what kill_all() does with the rest.
  Stuck end_all(double limit_ms);
  /// SIGKILL to everything, until there are no children or for `limit_ms` none has died. Returns the
  /// survivors, each only once; a process in uninterruptible sleep cannot be waited for.
  Stuck kill_all(double limit_ms);

 private:
  void wait_for_child(double ms);
  /// Reaps until there are no children (true), or for `ms`.
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
