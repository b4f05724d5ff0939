// SPDX-License-Identifier: GPL-2.0
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
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

bool loopback_pair(int type, int* ends) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(address);
  ends[0] = ends[1] = -1;
  if (!loopback_up()) return false;
  int listener = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  ends[0] = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  bool good = listener >= 0 && ends[0] >= 0 &&
              bind(listener, (struct sockaddr*)&address, sizeof(address)) == 0 &&
              getsockname(listener, (struct sockaddr*)&address, &size) == 0;
  if (type == SOCK_STREAM) good = good && listen(listener, 1) == 0;
  good = good && connect(ends[0], (struct sockaddr*)&address, sizeof(address)) == 0;
  if (type == SOCK_STREAM) {
    if (good) ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (listener >= 0) close(listener);
  } else {
    ends[1] = listener;
  }
  return (good && ends[1] >= 0) || ktap_fail("two connected sockets: %s", strerror(errno));
}
