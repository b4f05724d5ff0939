// SPDX-License-Identifier: GPL-2.0
// Kills the process groups of a pinrig that was killed. Private to the module.
#pragma once

#include <sys/types.h>

namespace pinrig::process {

/// PR_SET_PDEATHSIG reaches the first process of a group only: the compilers below a make outlive a pinrig
/// that gets SIGKILL. So a small helper process holds the other end of a socket: children announce their
/// group, pinrig removes it when it was reaped, and at end of file every remaining group is killed.
class Guard {
 public:
  /// Starts the guard of this process unless it runs already. Without one (no descriptors or processes left)
  /// everything else still works.
  static void ensure();
  /// Called in the child between fork and exec, as leader of its group: async-signal-safe.
  static void announce_self();
  /// Its group was killed and its leader is about to be reaped.
  static void forget(pid_t group);
};

}  // namespace pinrig::process
