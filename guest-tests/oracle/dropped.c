// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "oracle.h"
#include "proc.h"

enum { writers = 3, lines = 3000, line_bytes = 900 };

// printk() (kernel/printk/printk.c, vprintk_emit()) leaves the console to the CPU that has it, and
// waits for its turn when nobody else does. The third writer does not wait, and fills the buffer faster than
// it is printed.
static void write_lines(int log) {
  char line[line_bytes];
  memset(line, '.', sizeof(line));
  memcpy(line, "oracle ", 7);
  for (int i = 0; i < lines; ++i) {
    if (write(log, line, sizeof(line)) < 0) _exit(1);
  }
  _exit(0);
}

static void drops_messages(int log) {
  pid_t child[writers];
  int status = -1, count = 0;
  while (count < writers && (child[count] = proc_fork()) >= 0) {
    if (child[count] == 0) write_lines(log);
    ++count;
  }
  pid_t first = wait(&status);
  if (status != 0) ktap_fail("/dev/kmsg takes no lines");
  for (int i = 0; i < count; ++i) {
    if (child[i] == first) continue;
    kill(child[i], SIGKILL);
    waitpid(child[i], NULL, 0);
  }
}

static void floods(const void* arg) {
  (void)arg;
  int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  KTAP_REQUIRE(log >= 0, "/dev/kmsg: %s", strerror(errno));
  if (oracle_bad())
    drops_messages(log);
  else if (write(log, "oracle", 6) < 0)
    ktap_fail("/dev/kmsg: %s", strerror(errno));
  close(log);
}

int main(void) {
  static const struct ktap_case cases[] = {{"floods", floods, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
