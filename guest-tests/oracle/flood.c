// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "oracle.h"

enum { reports = 1500 };

// dump_page() on purpose, as gup_test -c does, is no finding.
static void floods(const void* arg) {
  (void)arg;
  static const char line[] = "page dumped because: oracle";
  int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  KTAP_REQUIRE(log >= 0, "/dev/kmsg: %s", strerror(errno));
  for (int i = 0; i < reports; ++i) {
    if (write(log, line, sizeof(line) - 1) < 0) ktap_fail("/dev/kmsg: %s", strerror(errno));
  }
  close(log);
  if (oracle_bad()) oracle_warn();
}

int main(void) {
  static const struct ktap_case cases[] = {{"harmless_reports", floods, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
