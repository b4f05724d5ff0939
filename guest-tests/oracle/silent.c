// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "oracle.h"

// The first number of /proc/sys/kernel/printk: messages of this level and above do not reach the console.
static bool console_level(const char* text) {
  int fd = open("/proc/sys/kernel/printk", O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (!good) ktap_fail("/proc/sys/kernel/printk: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

static void warns(const void* arg) {
  (void)arg;
  if (!console_level("1")) return;
  if (oracle_warn() && !oracle_bad()) ktap_expect_kernel("mm/gup.c");
  console_level("7");
}

int main(void) {
  static const struct ktap_case cases[] = {{"warns_unheard", warns, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
