// SPDX-License-Identifier: GPL-2.0
#include "frozen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"
#include "proc.h"

enum { start_limit_ms = 20000 };

int frozen_file(void) {
  int file = open("oracle", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) ktap_fail("a file: %s", strerror(errno));
  return file;
}

bool frozen_set(bool frozen) {
  int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return ktap_fail("the file system: %s", strerror(errno));
  bool good = ioctl(dir, frozen ? FIFREEZE : FITHAW, 0) == 0;
  if (!good) ktap_fail("%s: %s", frozen ? "FIFREEZE" : "FITHAW", strerror(errno));
  close(dir);
  return good;
}

// Waits in sb_start_write() (fs/super.c, percpu_down_read()) while the file system is frozen.
static void write_byte(int file, const struct rendezvous* started) {
  struct sched_param priority = {.sched_priority = 1};
  bool good = sched_setscheduler(0, SCHED_FIFO, &priority) == 0 && rendezvous_send(started, 0);
  _exit(good && write(file, "x", 1) == 1 ? 0 : 1);
}

pid_t frozen_writer(int file) {
  struct rendezvous started;
  unsigned char byte;
  cpu_set_t all, one;
  pid_t child = -1;
  if (!rendezvous_open(&started)) return -1;
  // Both on one CPU, where the child has priority: what it sends is received when it no longer runs.
  sched_getaffinity(0, sizeof(all), &all);
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  if (sched_setaffinity(0, sizeof(one), &one) == 0)
    child = proc_fork();
  else
    ktap_fail("sched_setaffinity: %s", strerror(errno));
  if (child == 0) write_byte(file, &started);
  if (child > 0 && !rendezvous_wait(&started, &byte, start_limit_ms)) ktap_fail("the writer does not begin");
  sched_setaffinity(0, sizeof(all), &all);
  rendezvous_close(&started);
  return child;
}
