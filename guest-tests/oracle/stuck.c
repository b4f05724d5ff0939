// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "oracle.h"

// Waits for its turn in sb_start_write() (fs/super.c, percpu_down_read()), from which no signal takes it.
static void write_file(void) {
  int file = open("oracle", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  _exit(file >= 0 && write(file, "x", 1) == 1 ? 0 : 1);
}

static char state_of(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
  if (fd >= 0) close(fd);
  if (n <= 0) return '?';
  text[n] = '\0';
  const char* name_end = strrchr(text, ')');
  return name_end && name_end[1] == ' ' ? name_end[2] : '?';
}

static void leaves_a_writer(const void* arg) {
  (void)arg;
  int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  KTAP_REQUIRE(dir >= 0, "the file system: %s", strerror(errno));
  if (oracle_bad() && ioctl(dir, FIFREEZE, 0) != 0) ktap_fail("FIFREEZE: %s", strerror(errno));
  pid_t child = fork();
  if (child == 0) write_file();
  if (child < 0) ktap_fail("fork: %s", strerror(errno));
  if (child > 0 && !oracle_bad()) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) ktap_fail("the writer gave status %d", status);
  }
  // About a second for it to get there.
  for (int i = 0; child > 0 && oracle_bad() && i < 100 && state_of(child) != 'D'; ++i) usleep(10000);
  close(dir);
}

int main(void) {
  static const struct ktap_case cases[] = {{"writer", leaves_a_writer, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
