// SPDX-License-Identifier: GPL-2.0
// Cases that need the long-term pins of the gup_test driver (mm/gup_test.c): without them one is skipped, one
// fails as expected and one is missing, as in a test that counts what the kernel has.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gupdrv.h"
#include "ktap.h"

#define LONGTERM_STOP _IO('g', 8)

static bool longterm;

static void opens(const void* arg) {
  (void)arg;
  int driver = gupdrv_open();
  if (driver >= 0) close(driver);
}

static void skips(const void* arg) {
  (void)arg;
  if (!longterm) ktap_skip("the driver has no long-term pins");
}

static void expects_failure(const void* arg) {
  (void)arg;
  if (!longterm) ktap_xfail("the driver has no long-term pins");
}

static void is_there(const void* arg) { (void)arg; }

int main(void) {
  static const struct ktap_case cases[] = {
      {"driver", opens, NULL},
      {"skips", skips, NULL},
      {"expects_failure", expects_failure, NULL},
      {"is_there", is_there, NULL},
  };
  const size_t count = sizeof(cases) / sizeof(cases[0]);
  int driver = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);
  longterm = driver >= 0 && ioctl(driver, LONGTERM_STOP) == 0;
  if (driver >= 0) close(driver);
  return ktap_run(cases, longterm ? count : count - 1);
}
