// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ktap.h"
#include "patience.h"

bool host_ask(char* reply, size_t size, int limit_ms, const char* format, ...) {
  const char* number = getenv("PINRIG_HOST_FD");
  char text[600];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  if (!number) return ktap_fail("%s: no PINRIG_HOST_FD", text);
  struct pollfd socket = {atoi(number), POLLIN, 0};
  if (length >= (int)sizeof(text) || send(socket.fd, text, (size_t)length, MSG_NOSIGNAL) != length)
    return ktap_fail("%s: asking the host: %s", text, strerror(errno));
  if (poll(&socket, 1, patience_scaled(limit_ms)) != 1)
    return ktap_fail("%s: no answer within %d ms", text, limit_ms);
  ssize_t got = recv(socket.fd, reply, size - 1, 0);
  reply[got > 0 ? got : 0] = '\0';
  return got > 0 || ktap_fail("%s: the agent is gone", text);
}

bool host_unplug(const char* serial, int limit_ms) {
  char reply[200];
  if (!host_ask(reply, sizeof(reply), limit_ms, "unplug %s", serial)) return false;
  return strcmp(reply, "ok") == 0 || ktap_fail("unplugging %s: %s", serial, reply);
}
