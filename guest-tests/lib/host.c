// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ktap.h"
#include "patience.h"

bool host_unplug(const char* serial, int limit_ms) {
  const char* number = getenv("PINRIG_HOST_FD");
  if (!number) return ktap_fail("unplugging %s: no PINRIG_HOST_FD", serial);
  char text[200];
  struct pollfd socket = {atoi(number), POLLIN, 0};
  int length = snprintf(text, sizeof(text), "unplug %s", serial);
  if (send(socket.fd, text, (size_t)length, MSG_NOSIGNAL) != length)
    return ktap_fail("unplugging %s: asking: %s", serial, strerror(errno));
  if (poll(&socket, 1, patience_scaled(limit_ms)) != 1)
    return ktap_fail("unplugging %s: no answer within %d ms", serial, limit_ms);
  ssize_t got = recv(socket.fd, text, sizeof(text) - 1, 0);
  text[got > 0 ? got : 0] = '\0';
  return strcmp(text, "ok") == 0 ||
         ktap_fail("unplugging %s: %s", serial, got > 0 ? text : "the agent is gone");
}
