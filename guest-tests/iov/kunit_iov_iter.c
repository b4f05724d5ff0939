// SPDX-License-Identifier: GPL-2.0
// The kernel's own unit tests of iov_iter (lib/kunit_iov_iter.c, since 6.6): copies and extraction of every
// kind of iterator that user space cannot make. They are init code: they run when the kernel boots with
// kunit.enable=1 and never again: writing to their file "run" in debugfs would jump into memory that has been
// freed. This test prints their KTAP output unchanged.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "pins.h"

static const char folder[] = "/sys/kernel/debug/kunit/iov_iter";

static void missing(const void* arg) {
  (void)arg;
  ktap_skip("no %s: TEST_IOV_ITER, KUNIT_DEBUGFS and kunit.enable=1 are needed", folder);
}

static void unreadable(const void* arg) {
  (void)arg;
  ktap_fail("%s/results: %s", folder, strerror(errno));
}

static int failed(void) {
  static const struct ktap_case cases[] = {{"iov_iter", unreadable, NULL}};
  return ktap_run(cases, 1);
}

int main(void) {
  static const struct ktap_case none[] = {{"iov_iter", missing, NULL}};
  char path[80], bytes[4096];
  if (access(folder, F_OK) < 0) return ktap_run(none, 1);
  snprintf(path, sizeof(path), "%s/results", folder);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed();
  pins_claim_exact(0);
  ssize_t got;
  size_t all = 0;
  while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
    fwrite(bytes, 1, (size_t)got, stdout);
    all += (size_t)got;
  }
  close(fd);
  fflush(stdout);
  return got == 0 && all > 0 ? 0 : 1;
}
