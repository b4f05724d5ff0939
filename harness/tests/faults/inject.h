// SPDX-License-Identifier: GPL-2.0
// System calls that fail: a seccomp filter in a child process traps them, and the handler counts them,
// carries them out, or fails the one that is asked for. The code under test is that of production, byte for
// byte.
#pragma once

#include <functional>
#include <string>

#include "base/file.h"

namespace pinrig::faults {

/// Which calls count.
enum class Calls {
  writes,  ///< everything by which a file or directory comes to be or changes: write, rename, mkdir, fsync
           ///< ...
  starts,  ///< by which a process comes to be: fork, vfork, clone, clone3
  descriptors,  ///< by which a descriptor comes to be: openat, pipe2, socket, memfd_create, pidfd_open
};

struct Injection {
  Calls calls = Calls::writes;
  int nth = 1;           ///< the call that fails, from 1
  int error = 0;         ///< errno that it gets; 0: the process is killed there
  bool lasting = false;  ///< all later ones fail as well, as on a full disk
  bool power = false;    ///< killed: files without an fsync(2) since they came to be lose their content
};

struct Injected {
  bool possible = true;   ///< false: no seccomp filters here
  bool happened = false;  ///< the process came as far as the nth call
  bool killed = false;
  Result<void> result = {};  ///< of the body, kind and message; only when it was not killed
};

/// Runs `body` in a child process under `injection`. The body writes below `dir` only.
Injected inject(const Injection& injection, const fs::path& dir, const std::function<Result<void>()>& body);

}  // namespace pinrig::faults
