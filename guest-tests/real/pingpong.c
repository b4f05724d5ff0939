// SPDX-License-Identifier: GPL-2.0
// Two of libibverbs' ibv_rc_pingpong over soft RDMA: each registers its buffer, which pins it until the end.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "loopback.h"
#include "pins.h"
#include "tool.h"

enum { limit_ms = 40000, port = 18515 };

static void run(const void* arg) {
  const int* size = arg;
  char bytes[16];
  struct pins before;
  struct tool server;
  if (access("/sys/class/infiniband/rxe0", F_OK) < 0) {
    ktap_skip("no soft RDMA link rxe0");
    return;
  }
  snprintf(bytes, sizeof(bytes), "%d", *size);
  // -c: each checks what it got; -g 1: the GID made of the IPv4 address that the agent gave.
  const char* listen[] = {"ibv_rc_pingpong", "-d", "rxe0", "-g", "1", "-c", "-n", "50", "-s", bytes, NULL};
  const char* talk[] = {"ibv_rc_pingpong", "-d", "rxe0", "-g", "1", "-c", "-n", "50", "-s", bytes, "192.0.2.1", NULL};
  // The loopback, to reach ourselves by our own address.
  if (!loopback_up() || !pins_begin(&before) || !tool_start(&server, listen)) return;
  bool good = tool_wait_for_port(port, limit_ms) && tool_run(talk, limit_ms);
  if (!good) kill(server.child, SIGKILL);
  int code = tool_end(&server, limit_ms);
  if (good && code != 0) ktap_fail("the server ended with %d", code);
  // Both ends register the buffer, a page is the least that it takes.
  long long pages = 2 * (((long long)*size + (long long)page_bytes() - 1) / (long long)page_bytes());
  if (good) pins_expect_at_least(&before, pages, 0);
}

int main(void) {
  static const int small = 4096, large = 1 << 20;
  static const struct ktap_case cases[] = {{"4_kib", run, &small}, {"1_mib", run, &large}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
