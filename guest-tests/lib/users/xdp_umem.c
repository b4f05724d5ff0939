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

#include "buffers.h"
#include "clock.h"
#include "contract/user.h"
#include "ktap.h"
#include "pins.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

enum { chunk = 2048, limit_ms = 20000, last_ms = 300 };

// A socket takes one umem in its life.
static int fd = -1;
static long long held;

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

// The charge of a closed socket's umem goes last, by a work item.
static int take(enum way way, void* addr, size_t length) {
  (void)way;
  const long long end = clock_ms() + last_ms;
  int error = try_to_take(addr, length);
  while (error == -ENOBUFS && clock_ms() < end) {
    sleep_ms(20);
    error = try_to_take(addr, length);
  }
  held = (long long)pages_spanned(addr, length);
  return error;
}

static long let_go(void) {
  struct pins before;
  if (fd < 0) return 0;
  const bool counted = pins_sample(&before);
  close(fd);
  fd = -1;
  if (counted) pins_await_released(&before, held, limit_ms);
  return 0;
}

static void close_user(void) { let_go(); }

const struct user user_xdp_umem = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .align = USER_WHOLE_PAGES,
    .refusal = ENOMEM,
    .longterm = true,
    .charge = CHARGE_USER,
};
