// SPDX-License-Identifier: GPL-2.0
// Two of libibverbs' ibv_rc_pingpong over soft RDMA: each registers its buffer, which pins it until the end.
#include <stdio.h>

#include "pair.h"

enum { port = 18515 };

static void run(const void* arg) {
  const int* size = arg;
  char bytes[16];
  snprintf(bytes, sizeof(bytes), "%d", *size);
  // -c: each checks what it got.
  const char* listen[] = {"ibv_rc_pingpong", "-d", "rxe0", "-g", PAIR_GID, "-c", "-n", "50", "-s", bytes, NULL};
  const char* talk[] = {"ibv_rc_pingpong", "-d", "rxe0", "-g", PAIR_GID, "-c", "-n", "50", "-s", bytes, PAIR_ADDRESS, NULL};
  pair_run(listen, talk, port, *size);
}

int main(void) {
  static const int small = 4096, large = 1 << 20;
  static const struct ktap_case cases[] = {{"4_kib", run, &small}, {"1_mib", run, &large}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
