// SPDX-License-Identifier: GPL-2.0
// Two of perftest's ib_write_bw over soft RDMA: one writes into the memory of the other, both have theirs registered.
#include <stdio.h>

#include "pair.h"

enum { port = 18516 };

static void run(const void* arg) {
  const int* size = arg;
  char bytes[16];
  snprintf(bytes, sizeof(bytes), "%d", *size);
  // -F: no word about the processor's frequency.
  const char* listen[] = {"ib_write_bw", "-d", "rxe0", "-x", PAIR_GID, "-F", "-n", "50", "-s", bytes, "-p", "18516", NULL};
  const char* talk[] = {"ib_write_bw", "-d", "rxe0", "-x", PAIR_GID, "-F",  "-n",        "50",
                        "-s",          bytes, "-p",  "18516", PAIR_ADDRESS, NULL};
  pair_run(listen, talk, port, *size);
}

int main(void) {
  static const int small = 4096, large = 1 << 20;
  static const struct ktap_case cases[] = {{"4_kib", run, &small}, {"1_mib", run, &large}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
