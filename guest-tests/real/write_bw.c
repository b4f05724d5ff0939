// SPDX-License-Identifier: GPL-2.0
// Two of perftest's ib_write_bw over soft RDMA: one writes into the memory of the other; both have registered
// memory.
#include <stdio.h>

#include "pair.h"

enum { port = 18516 };

struct size {
  int bytes;
  const char* rounds;  // five are the least that it does
};

static void run(const void* arg) {
  const struct size* size = arg;
  char bytes[16];
  snprintf(bytes, sizeof(bytes), "%d", size->bytes);
  // -F: no word about the CPU's frequency.
  const char* listen[] = {"ib_write_bw", "-d", "rxe0", "-x", PAIR_GID, "-F", "-n",
                          size->rounds,  "-s", bytes,  "-p", "18516",  NULL};
  const char* talk[] = {"ib_write_bw", "-d", "rxe0", "-x", PAIR_GID, "-F",         "-n",
                        size->rounds,  "-s", bytes,  "-p", "18516",  PAIR_ADDRESS, NULL};
  pair_run(listen, talk, port, size->bytes);
}

int main(void) {
  static const struct size small = {4096, "50"}, large = {1 << 20, "5"};
  static const struct ktap_case cases[] = {{"4_kib", run, &small}, {"1_mib", run, &large}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
