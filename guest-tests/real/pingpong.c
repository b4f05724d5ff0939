// SPDX-License-Identifier: GPL-2.0
// Two of libibverbs' ibv_rc_pingpong over soft RDMA: each registers its buffer, which pins it until the end.
#include <stdio.h>

#include "pair.h"

enum { port = 18515 };

struct size {
  int bytes;
  const char*
      rounds;  // a large message goes through soft RDMA in many packets, each of them as slow as a small one
};

static void run(const void* arg) {
  const struct size* size = arg;
  char bytes[16];
  snprintf(bytes, sizeof(bytes), "%d", size->bytes);
  // -c: each checks what it got.
  const char* listen[] = {"ibv_rc_pingpong", "-d", "rxe0", "-g", PAIR_GID, "-c", "-n",
                          size->rounds,      "-s", bytes,  NULL};
  const char* talk[] = {"ibv_rc_pingpong", "-d", "rxe0", "-g",         PAIR_GID, "-c", "-n",
                        size->rounds,      "-s", bytes,  PAIR_ADDRESS, NULL};
  pair_run(listen, talk, port, size->bytes);
}

int main(void) {
  static const struct size small = {4096, "50"}, large = {1 << 20, "5"};
  static const struct ktap_case cases[] = {{"4_kib", run, &small}, {"1_mib", run, &large}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
