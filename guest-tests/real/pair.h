// SPDX-License-Identifier: GPL-2.0
// Two instances of a program that talk over soft RDMA: one listens, the other connects to it.
#pragma once

#include <signal.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "loopback.h"
#include "pins.h"
#include "tool.h"

enum { pair_limit_ms = 40000 };

// The address that the agent gave the link, and the index of the GID derived from it.
#define PAIR_ADDRESS "192.0.2.1"
#define PAIR_GID "1"

// Runs `listen`, waits for it at the TCP port, and runs `talk`. Both register a buffer of `bytes` bytes, at
// least a page: pinned, and unpinned in the end.
static inline void pair_run(const char* const* listen, const char* const* talk, int port, int bytes) {
  struct pins before;
  struct tool server;
  if (access("/sys/class/infiniband/rxe0", F_OK) < 0) {
    ktap_skip("no soft RDMA link rxe0");
    return;
  }
  // The loopback, to reach ourselves by our own address.
  if (!loopback_up() || !pins_begin(&before) || !tool_start(&server, listen)) return;
  bool good = tool_wait_for_port(port, pair_limit_ms) && tool_run(talk, pair_limit_ms);
  if (!good) kill(server.child, SIGKILL);
  int code = tool_end(&server, pair_limit_ms);
  if (good && code != 0) ktap_fail("the server ended with %d", code);
  long long pages = 2 * (((long long)bytes + (long long)page_bytes() - 1) / (long long)page_bytes());
  if (good) pins_expect_at_least(&before, pages, 0);
}
