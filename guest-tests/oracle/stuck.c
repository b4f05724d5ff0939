// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "frozen.h"
#include "ktap.h"
#include "oracle.h"
#include "proc.h"

enum { limit_ms = 20000 };

static void leaves_a_writer(const void* arg) {
  (void)arg;
  int file = frozen_file();
  if (file < 0 || (oracle_bad() && !frozen_set(true))) return;
  pid_t child = frozen_writer(file);
  if (child > 0 && !oracle_bad() && proc_reap(child, limit_ms) != 0) ktap_fail("the writer failed");
  close(file);
}

int main(void) {
  static const struct ktap_case cases[] = {{"writer", leaves_a_writer, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
