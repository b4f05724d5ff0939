// SPDX-License-Identifier: GPL-2.0
// The agent's options on the kernel command line. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/messages.h"

namespace pinrig::agent {

/// `pinrig.shell` gives an interactive shell on the console instead of the host's requests; the others are a
/// Setup that needs no message from the host:
///   pinrig.mount=SERIAL:NSID:FSTYPE:TARGET   any number of times
///   pinrig.drive=SERIAL:NSID                 wait for it and link it, any number of times
///   pinrig.hugepages=N  pinrig.swap_mib=N  pinrig.rxe
/// pinrig.tty=ROWS:COLUMNS is the size of the terminal that the shell is used in.
struct CommandLine {
  bool shell = false;
  int rows = 0;  ///< 0: not known
  int columns = 0;
  wire::Setup setup;
  std::vector<std::string> problems;  ///< words that start with "pinrig." and are none of these
};

CommandLine parse_command_line(std::string_view text);

}  // namespace pinrig::agent
