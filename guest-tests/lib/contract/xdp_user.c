// SPDX-License-Identifier: GPL-2.0
#include "contract/xdp_user.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

enum { last_ms = 1000, smallest_chunk = 2048 };

// A socket takes one umem in its life.
static int fd = -1;

bool xdp_user_open(void) {
  fd = -1;
  const int probe = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (probe < 0) return ktap_skip("socket(AF_XDP): %s (XDP_SOCKETS)", strerror(errno));
  close(probe);
  return true;
}

int xdp_user_take(void* addr, size_t length, unsigned chunk, unsigned flags) {
  struct xdp_umem_reg area = {.addr = (uintptr_t)addr, .len = length, .chunk_size = chunk, .flags = flags};
  fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  const int error = fd < 0 || setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area)) < 0 ? -errno : 0;
  if (error && fd >= 0) close(fd);
  if (error) fd = -1;
  return error;
}

// Does an area as large as the limit fit into it? It is at an address without memory, so that it is refused
// either way: ENOBUFS comes before its pages are looked at.
static bool fits(size_t length) { return xdp_user_take(NULL, length, smallest_chunk, 0) != -ENOBUFS; }

// The socket lives as long as anybody has it.
void xdp_user_close(void) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// A closed socket's umem is uncharged by a work item, some milliseconds later. Where a limit is, what comes
// next would be refused until then.
long xdp_user_let_go(void) {
  struct rlimit limit;
  xdp_user_close();
  if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  const long long end = clock_ms() + patience_scaled(last_ms);
  while (!fits(limit.rlim_cur) && clock_ms() < end) sleep_ms(2);
  return 0;
}
