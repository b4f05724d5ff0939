// SPDX-License-Identifier: GPL-2.0
/* user:
what: "rings of provided buffers in memory of the process (IORING_REGISTER_PBUF_RING), charged to nobody"
rows: [D9, FOLL_LONGTERM]
traits: [in, hold, longterm]
needs: {symbols: [IO_URING]}
proof: {mutant: m56-unpin-pages-keeps-last, red: [pages.in.anon]}
*/
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract/user.h"
#include "ktap.h"
#include "ring.h"

// An entry has 16 bytes, a ring less than 65536 of them and a power of two.
enum { entry = 16, entries_most = 32768 };

static struct ring ring = {.fd = -1};
static unsigned groups;

static int operate(unsigned operation, void* addr, unsigned entries, unsigned group) {
  struct io_uring_buf_reg request = {
      .ring_addr = (uintptr_t)addr, .ring_entries = entries, .bgid = (__u16)group};
  return syscall(SYS_io_uring_register, ring.fd, operation, &request, 1) < 0 ? -errno : 0;
}

static bool open_user(void) {
  groups = 0;
  if (!ring_open(&ring, 4, 0)) return false;
  return operate(IORING_UNREGISTER_PBUF_RING, NULL, 0, 0) == -ENOENT ||
         ktap_skip("no IORING_REGISTER_PBUF_RING (since 5.19)");
}

static void close_user(void) {
  if (ring.fd >= 0) ring_close(&ring);
}

// Twice if need be: the request itself may be what is made to fail.
static long let_go(void) {
  for (; groups > 0; --groups) {
    int error = operate(IORING_UNREGISTER_PBUF_RING, NULL, 0, groups - 1);
    if (error) error = operate(IORING_UNREGISTER_PBUF_RING, NULL, 0, groups - 1);
    if (error) return error;
  }
  return 0;
}

static unsigned largest(size_t length) {
  unsigned entries = entries_most;
  while ((size_t)entries * entry > length) entries /= 2;
  return entries;
}

// As many groups as powers of two make up the length.
static int take(enum way way, void* addr, size_t length) {
  (void)way;
  for (size_t done = 0; done < length;) {
    const unsigned entries = largest(length - done);
    const int error = operate(IORING_REGISTER_PBUF_RING, (char*)addr + done, entries, groups);
    if (error) {
      let_go();
      return error;
    }
    ++groups;
    done += (size_t)entries * entry;
  }
  return 0;
}

const struct user user_io_uring_pbuf = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .align = USER_WHOLE_PAGES,
    .longterm = true,
};
