// SPDX-License-Identifier: GPL-2.0
#include "kmsg.h"
#include "ktap.h"
#include "oracle.h"

static void warns(const void* arg) {
  (void)arg;
  if (!oracle_warn()) return;
  ktap_expect_kernel("mm/gup.c");
  if (!oracle_bad()) return;
  if (!kmsg_clear_once()) ktap_skip("/sys/kernel/debug/clear_warn_once is missing");
  oracle_warn();
}

int main(void) {
  static const struct ktap_case cases[] = {{"announces_one_warning", warns, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
