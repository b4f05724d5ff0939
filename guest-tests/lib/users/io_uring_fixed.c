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
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/fixed_user.h"
#include "ktap.h"

enum { most = 4 << 20 };

static int device = -1;

static bool open_user(void) {
  device = memfd_create("device", MFD_CLOEXEC);
  return (device >= 0 || ktap_fail("memfd_create: %s", strerror(errno))) && fixed_user_open(0);
}

static void close_user(void) {
  fixed_user_close();
  if (device >= 0) close(device);
  device = -1;
}

// The device's data, where it has any, comes at the end, as by DMA.
static long transfer(struct ring* ring, void* addr, size_t length) {
  if (lseek(device, 0, SEEK_END) < (off_t)length) return 0;
  return ring_transfer(ring, IORING_OP_READ_FIXED, device, addr, length, 0, 0);
}

static long let_go(void) { return fixed_user_let_go(transfer); }

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
    .take = fixed_user_take,
    .let_go = let_go,
    .store = store,
    .load = load,
    .counts = fixed_user_counts,
    .most = most,
    .longterm = true,
    .charge = CHARGE_VMPIN,
    .charged = fixed_user_charged,
};
