// SPDX-License-Identifier: GPL-2.0
#include "loopback.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ktap.h"

bool loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  if (!good) ktap_fail("bringing lo up: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}
