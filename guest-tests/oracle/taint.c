// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "oracle.h"

// TAINT_BAD_PAGE (include/linux/panic.h), as root may set it (kernel/sysctl.c, proc_taint()); no message says
// so.
static void taint_bad_page(void) {
  int fd = open("/proc/sys/kernel/tainted", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "32", 2) != 2) ktap_fail("/proc/sys/kernel/tainted: %s", strerror(errno));
  if (fd >= 0) close(fd);
}

static void warns(const void* arg) {
  (void)arg;
  if (!oracle_warn()) return;
  ktap_expect_kernel("mm/gup.c");
  if (oracle_bad()) taint_bad_page();
}

int main(void) {
  static const struct ktap_case cases[] = {{"announces_its_warning", warns, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
