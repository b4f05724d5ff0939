// SPDX-License-Identifier: GPL-2.0
// Starting and reaping: what run() and Child have in common. Private to the module.
#pragma once

#include "base/unique_fd.h"
#include "process/process.h"

namespace pinrig::process {

/// The child's first three descriptors; ours stay open and are 3 or higher.
struct Stdio {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// A started process that was not reaped yet.
struct Running {
  pid_t pid = -1;  ///< also the id of its process group
  UniqueFd pidfd;
};

/// How a process ended and its CPU time.
struct Ended {
  ExitStatus status;
  double cpu_s = 0;  ///< seconds, user + system, with its waited-for children
};

/// Starts `command` with the calling thread as its parent: it is killed when that thread ends.
Result<Running> launch(const Command& command, const Stdio& stdio);

/// launch() on a thread that lives as long as pinrig.
Result<Running> launch_for_good(const Command& command, const Stdio& stdio);

void kill_group(pid_t pid);

/// For a process whose pidfd is readable (or that was killed): kills the rest of its group, then reaps. One
/// that is not dead after `patience`, because it sleeps in the kernel (state D), is Unkillable and stays.
Ended reap(const Running& running, Seconds patience = Seconds(30));
/// Whether the process of `pidfd` ended within `patience`.
bool ended_within(int pidfd, Seconds patience);

/// Command::input as a descriptor to read from: a sealed-off memory file, or /dev/null when it is empty.
Result<UniqueFd> input_fd(const std::string& input);

/// Moves a descriptor out of 0..2, where dup2 in the child would overwrite it.
Result<UniqueFd> above_stdio(UniqueFd fd, const std::string& what);

}  // namespace pinrig::process
