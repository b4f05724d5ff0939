// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a fixed buffer that one io_uring took and another has cloned: the clone keeps it (since 6.12)"
rows: [D9]
traits: [in, data, hold, longterm, charged, limited]
needs: {symbols: [IO_URING]}
not:
  longterm.file: "refused with EOPNOTSUPP by 6.1 and EFAULT later: longterm/file_backed asks it of both"
proof: {mutant: m11-io-uring-unmap-first, red: [pages.in.anon]}
*/
#include <errno.h>

#include "contract/fixed_user.h"
#include "fixed.h"
#include "ktap.h"
#include "uring.h"

static struct ring first = {.fd = -1}, second = {.fd = -1};
static unsigned char* held_addr;
static size_t held_length;

// Of a ring without buffers ENXIO, where the operation is known.
static bool open_user(void) {
  held_length = 0;
  if (!fixed_device_open() || caps_iou_coalesce() < 0 || !ring_open(&first, 4, 0) ||
      !ring_open(&second, 4, 0))
    return false;
  return uring_clone(second.fd, first.fd) != -EINVAL ||
         ktap_skip("no IORING_REGISTER_CLONE_BUFFERS (since 6.12)");
}

static void close_user(void) {
  if (first.fd >= 0) ring_close(&first);
  if (second.fd >= 0) ring_close(&second);
  fixed_device_close();
}

// The request itself may be what is made to fail.
static int unregister(struct ring* ring) {
  const int error = uring_unregister(ring->fd);
  return error ? uring_unregister(ring->fd) : 0;
}

static int take(enum way way, void* addr, size_t length) {
  (void)way;
  int error = uring_register(first.fd, addr, length);
  if (error) return error;
  error = uring_clone(second.fd, first.fd);
  unregister(&first);
  held_addr = addr;
  held_length = error ? 0 : length;
  return error;
}

static long let_go(void) {
  if (!held_length) return 0;
  const long done = fixed_device_transfer(&second, held_addr, held_length);
  const int error = unregister(&second);
  held_length = 0;
  return error ? error : done;
}

const struct user user_io_uring_clone = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .store = fixed_device_store,
    .load = fixed_device_load,
    .counts = fixed_user_counts,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
    .charged = fixed_user_charged,
};
