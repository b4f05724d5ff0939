// SPDX-License-Identifier: GPL-2.0
/* user:
what: "an AF_XDP umem, registered until its socket is closed"
rows: [G6, FOLL_LONGTERM]
traits: [in, hold, longterm, limited]
needs: {symbols: [XDP_SOCKETS]}
*/
#include <errno.h>
#include <linux/if_xdp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "contract/user.h"
#include "ktap.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

enum { chunk = 2048, last_ms = 1000 };

// A socket takes one umem in its life.
static int fd = -1;

static bool open_user(void) {
  fd = -1;
  const int probe = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (probe < 0) return ktap_skip("socket(AF_XDP): %s (XDP_SOCKETS)", strerror(errno));
  close(probe);
  return true;
}

static int try_to_take(void* addr, size_t length) {
  struct xdp_umem_reg area = {.addr = (uintptr_t)addr, .len = length, .chunk_size = chunk};
  fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  const int error = fd < 0 || setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area)) < 0 ? -errno : 0;
  if (error && fd >= 0) close(fd);
  if (error) fd = -1;
  return error;
}

// A closed socket's umem is uncharged by a work item, some milliseconds later.
static int take(enum way way, void* addr, size_t length) {
  (void)way;
  const long long end = clock_ms() + last_ms;
  int error = try_to_take(addr, length);
  while (error == -ENOBUFS && clock_ms() < end) {
    sleep_ms(20);
    error = try_to_take(addr, length);
  }
  return error;
}

// The socket lives as long as anybody has it.
static void close_socket(void) {
  if (fd >= 0) close(fd);
  fd = -1;
}

static long let_go(void) {
  close_socket();
  return 0;
}

const struct user user_xdp_umem = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_socket,
    .forked = close_socket,
    .take = take,
    .let_go = let_go,
    .align = USER_WHOLE_PAGES,
    .refusal = ENOMEM,
    .locked = true,
    .longterm = true,
    .charge = CHARGE_USER,
};
