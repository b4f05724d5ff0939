// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a fixed buffer of io_uring, registered, used for reads and writes of a memfd, and unregistered"
rows: [D9]
traits: [in, data, hold, longterm, charged, limited]
needs: {symbols: [IO_URING]}
not:
  longterm.file: "refused with EOPNOTSUPP by 6.1 and EFAULT later: longterm/file_backed asks it of both"
*/
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/user.h"
#include "fixed.h"
#include "ktap.h"
#include "ring.h"
#include "uring.h"

static struct ring ring;
static int device = -1;
static bool ring_ready, registered;
static unsigned char* held_at;
static size_t held_length;

static bool open_user(void) {
  registered = false;
  ring_ready = ring_open(&ring, 8, 0);
  device = memfd_create("device", MFD_CLOEXEC);
  return ring_ready && (device >= 0 || ktap_fail("memfd_create: %s", strerror(errno)));
}

static void close_user(void) {
  if (ring_ready) ring_close(&ring);
  if (device >= 0) close(device);
  ring_ready = registered = false;
  device = -1;
}

static int take(enum way way, void* addr, size_t length) {
  (void)way;
  const int error = uring_register(ring.fd, addr, length);
  registered = error == 0;
  held_at = addr;
  held_length = length;
  return error;
}

// The device's data comes at the end, as by DMA.
static long let_go(void) {
  long done = 0;
  if (!registered) return 0;
  if (lseek(device, 0, SEEK_END) >= (off_t)held_length)
    done = ring_transfer(&ring, IORING_OP_READ_FIXED, device, held_at, held_length, 0, 0);
  const int error = uring_unregister(ring.fd);
  registered = false;
  return error ? error : done;
}

static bool store(const void* data, size_t length) {
  if (ftruncate(device, 0) < 0 || pwrite(device, data, length, 0) != (ssize_t)length)
    return ktap_fail("storing %zu bytes in a memfd: %s", length, strerror(errno));
  return true;
}

static bool load(void* data, size_t length) {
  return pread(device, data, length, 0) == (ssize_t)length || ktap_fail("loading from a memfd");
}

const struct user user_io_uring_fixed = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .store = store,
    .load = load,
    .longterm = true,
    .charge = CHARGE_VMPIN,
};
