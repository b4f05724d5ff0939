// SPDX-License-Identifier: GPL-2.0
// Programs of the distribution (images/full.tools), run as children: what they print becomes diagnostics when
// they fail.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct tool {
  const char* name;
  pid_t child;
  int output;  // a file
};

// argv[0] is looked up in PATH. False: the running case failed.
bool tool_start(struct tool* tool, const char* const* argv);
// Waits up to `limit_ms`. The exit code, 127 when PATH has no such program (nothing is reported then), or -1
// after failing the running case.
int tool_end(struct tool* tool, int limit_ms);
// Both. True for 0; 127 skips and anything else fails the running case.
bool tool_run(const char* const* argv, int limit_ms);

// Waits until a process listens on a TCP port, without connecting. False: the running case failed.
bool tool_wait_for_port(int port, int limit_ms);
