// SPDX-License-Identifier: GPL-2.0
// The writer gets on in the end, and nothing is left behind: only the kernel's report tells of the wait.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "frozen.h"
#include "kmsg.h"
#include "ktap.h"
#include "oracle.h"
#include "proc.h"

enum { limit_ms = 20000 };

// The agent sets it for each test (agent/watch_limits.h); a hung task is reported within one and a half times
// that.
static int hung_after_s(void) {
  char text[16] = "";
  int fd = open("/proc/sys/kernel/hung_task_timeout_secs", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0) ktap_skip("CONFIG_DETECT_HUNG_TASK is missing");
  if (fd >= 0) close(fd);
  return atoi(text);
}

static void wait_for_report(int log) {
  char line[200];
  int seconds = hung_after_s() * 2;
  if (!kmsg_wait(log, "blocked for more than", line, sizeof(line), seconds * 1000))
    ktap_note("the kernel reported no hung task in %d s", seconds);
}

static void waits_too_long(const void* arg) {
  (void)arg;
  int log = kmsg_open();
  int file = log < 0 ? -1 : frozen_file();
  if (file < 0 || (oracle_bad() && !frozen_set(true))) return;
  pid_t child = frozen_writer(file);
  if (oracle_bad()) {
    if (child > 0) wait_for_report(log);
    frozen_set(false);
  }
  if (child > 0 && proc_reap(child, limit_ms) != 0) ktap_fail("the writer failed");
  close(file);
  close(log);
}

int main(void) {
  static const struct ktap_case cases[] = {{"writer", waits_too_long, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
