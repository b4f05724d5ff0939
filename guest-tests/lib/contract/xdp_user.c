// SPDX-License-Identifier: GPL-2.0
#include "contract/xdp_user.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

enum { last_ms = 1000 };

// A socket takes one umem in its life.
static int fd = -1;

bool xdp_user_open(void) {
  fd = -1;
  const int probe = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (probe < 0) return ktap_skip("socket(AF_XDP): %s (XDP_SOCKETS)", strerror(errno));
  close(probe);
  return true;
}

static int try_to_take(void* addr, size_t length, unsigned chunk, unsigned flags) {
  struct xdp_umem_reg area = {.addr = (uintptr_t)addr, .len = length, .chunk_size = chunk, .flags = flags};
  fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  const int error = fd < 0 || setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area)) < 0 ? -errno : 0;
  if (error && fd >= 0) close(fd);
  if (error) fd = -1;
  return error;
}

// A closed socket's umem is uncharged by a work item, some milliseconds later.
int xdp_user_take(void* addr, size_t length, unsigned chunk, unsigned flags) {
  const long long end = clock_ms() + last_ms;
  int error = try_to_take(addr, length, chunk, flags);
  while (error == -ENOBUFS && clock_ms() < end) {
    sleep_ms(20);
    error = try_to_take(addr, length, chunk, flags);
  }
  return error;
}

// The socket lives as long as anybody has it.
void xdp_user_close(void) {
  if (fd >= 0) close(fd);
  fd = -1;
}

long xdp_user_let_go(void) {
  xdp_user_close();
  return 0;
}
