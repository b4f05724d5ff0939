// SPDX-License-Identifier: GPL-2.0
// One line of /proc/PID/stat. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinrig::agent {

struct ProcStat {
  int pid = 0;
  std::string name;
  char state = '?';
  std::uint64_t flags = 0;    ///< PF_* of include/linux/sched.h
  std::uint64_t started = 0;  ///< clock ticks after boot; tells a process from a later one with its pid

  bool kernel_thread() const { return (flags & 0x00200000) != 0; }
  /// Not dead, not dying, not a kernel thread: code of a test can still run in it.
  bool alive() const { return state != 'Z' && state != 'X' && (flags & 0x4) == 0 && !kernel_thread(); }
};

/// Nothing when the text is not such a line. A process may be named ") R 1": the last ')' ends the name.
std::optional<ProcStat> parse_proc_stat(std::string_view text);

}  // namespace pinrig::agent
