// SPDX-License-Identifier: GPL-2.0
// Who ends the process groups of a pinrig that was killed. Private to the module.
#pragma once

#include <sys/types.h>

namespace pinrig::process {

/// PR_SET_PDEATHSIG reaches the first process of a group only: the compilers below a make outlive a pinrig
/// that gets SIGKILL. So one small process stands beside pinrig, at the other end of a socket: children
/// announce their group, pinrig takes it off when it was reaped, and at the end of the stream every group
/// that is left is killed.
class Guard {
 public:
  /// Starts the guard of this process unless it is there. Without one (no descriptors, no processes left)
  /// everything works but for that.
  static void ensure();
  /// For the child between fork and exec, as leader of its group: async-signal-safe.
  static void announce_self();
  /// Its group was killed and its leader is about to be reaped.
  static void forget(pid_t group);
};

}  // namespace pinrig::process
