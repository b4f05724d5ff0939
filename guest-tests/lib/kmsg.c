// SPDX-License-Identifier: GPL-2.0
#include "kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

int kmsg_open(void) {
  int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    ktap_skip("/dev/kmsg: %s", strerror(errno));
  else
    kmsg_rewind(fd);
  return fd;
}

void kmsg_rewind(int fd) { lseek(fd, 0, SEEK_END); }

bool kmsg_find(int fd, const char* text, char* line, size_t size) {
  char record[8192];
  for (;;) {
    ssize_t got = read(fd, record, sizeof(record) - 1);
    // EPIPE: what stood here has been overwritten by newer messages; the next read goes on with those.
    if (got < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (got <= 0) return false;
    record[got] = '\0';
    char* message = strchr(record, ';');
    if (!message || !strstr(message, text)) continue;
    strncpy(line, message + 1, size - 1);
    line[size - 1] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return true;
  }
}

bool kmsg_wait(int fd, const char* text, char* line, size_t size, int limit_ms) {
  long long end = clock_ms() + patience_scaled(limit_ms);
  for (;;) {
    struct pollfd log = {.fd = fd, .events = POLLIN};
    long long left = end - clock_ms();
    if (kmsg_find(fd, text, line, size)) return true;
    if (left <= 0 || poll(&log, 1, (int)left) < 0) return false;
  }
}

bool kmsg_clear_once(void) {
  int fd = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool good = write(fd, "1", 1) == 1;
  close(fd);
  return good;
}

long kmsg_number(const char* text, const char* name) {
  const char* at = strstr(text, name);
  return at ? atol(at + strlen(name)) : -1;
}
