// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"
#include "oracle.h"

static void warns(const void* arg) {
  (void)arg;
  if (oracle_warn() && !oracle_bad()) ktap_expect_kernel("mm/gup.c");
}

int main(void) {
  static const struct ktap_case cases[] = {{"warns_once", warns, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
