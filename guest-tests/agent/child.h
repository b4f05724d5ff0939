// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace pinrig::agent {

/// The descriptor on which a test claims what it pins.
inline constexpr int claim_number = 9;
/// And the socket for its requests to the host: a datagram each way.
inline constexpr int host_number = 10;

struct Program {
  std::vector<std::string> argv;
  std::string file;                        ///< as in wire::Run
  std::map<std::string, std::string> env;  ///< in addition to the default environment, with precedence
  std::string cwd;
  /// What the child does instead of executing argv; its result is the exit code.
  std::function<int()> body = nullptr;
};

/// A started program and our ends of its pipes, which do not block.
struct Child {
  pid_t pid = -1;  ///< -1: it could not be started
  int error = 0;   ///< errno then
  std::string problem;
  UniqueFd out;
  UniqueFd err;
  UniqueFd claim;
  UniqueFd host;
};

/// PATH, HOME, TMPDIR and what else every program of the guest gets.
std::map<std::string, std::string> default_environment();

/// Starts a program in a session, process group and mount namespace of its own, with default signals, no core
/// files, unlimited locked memory and nothing open but /dev/null, two pipes, the claim pipe and the host
/// socket.
Child spawn(const Program& program);

}  // namespace pinrig::agent
