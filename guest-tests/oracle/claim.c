// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <unistd.h>

#include "ktap.h"
#include "oracle.h"

static void claims(const void* arg) {
  (void)arg;
  static const char line[] = "exact -1\n";
  const char* to = getenv("PINRIG_CLAIM_FD");
  if (!oracle_bad()) return;
  if (!to || write(atoi(to), line, sizeof(line) - 1) < 0) ktap_skip("nobody takes claims");
}

int main(void) {
  static const struct ktap_case cases[] = {{"claims", claims, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
