// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a block device by io_uring, held by a device-mapper device below that is suspended"
rows: [D8]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [IO_URING, BLK_DEV_DM, BLK_DEV_LOOP]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include <errno.h>
#include <stdint.h>

#include "clock.h"
#include "contract/place_user.h"
#include "ktap.h"
#include "pins.h"
#include "ring.h"

enum { answer_ms = 20000, pause_ms = 100 };

static struct ring ring = {.fd = -1};
static bool held;

static bool open_user(void) { return place_user_open_bdev() && ring_open(&ring, 8, 0); }

static void close_user(void) {
  if (held) place_release(place_user_place());
  held = false;
  if (ring.fd >= 0) ring_close(&ring);
  place_user_close();
}

static bool renew(void) {
  ring_close(&ring);
  return place_user_renew() && ring_open(&ring, 8, 0);
}

static long carry(enum way way, void* addr, size_t length) {
  const int opcode = way == WAY_IN ? IORING_OP_READ : IORING_OP_WRITE;
  return ring_transfer(&ring, opcode, place_user_place()->fd, addr, length, 0, 0);
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  const int opcode = way == WAY_IN ? IORING_OP_READV : IORING_OP_WRITEV;
  return ring_transfer(&ring, opcode, place_user_place()->fd, (void*)pieces, (size_t)count, 0, 0);
}

// A worker thread takes the memory (IOSQE_ASYNC): an attempt that may not wait would release it again at the
// gate. Until the worker has it, or is refused. What is not counted has no sign.
static bool await_taken(const struct pins* before, long long pages) {
  const long long end = clock_ms() + (pages ? answer_ms : pause_ms);
  struct pins now = *before;
  while (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == *ring.cq_head && clock_ms() < end) {
    sleep_ms(1);
    if (!pins_sample(&now)) return false;
    if (pages && now.acquired - before->acquired >= pages) break;
  }
  return true;
}

static int take(enum way way, void* addr, size_t length) {
  struct user_counts want = {0};
  struct pins before;
  struct io_uring_cqe cqe;
  place_user_counts(way, addr, length, &want);
  if (!pins_sample(&before) || !place_hold(place_user_place())) return -EIO;
  held = true;
  struct io_uring_sqe* sqe = ring_next(&ring);
  sqe->opcode = way == WAY_IN ? IORING_OP_READ : IORING_OP_WRITE;
  sqe->flags = IOSQE_ASYNC;
  sqe->fd = place_user_place()->fd;
  sqe->addr = (uintptr_t)addr;
  sqe->len = (unsigned)length;
  if (ring_submit(&ring) && await_taken(&before, want.acquired) &&
      __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == *ring.cq_head)
    return 0;
  place_release(place_user_place());
  held = false;
  return ring_reap(&ring, answer_ms, &cqe) && cqe.res < 0 ? cqe.res : -EBADE;
}

static long let_go(void) {
  struct io_uring_cqe cqe;
  if (!held) return 0;
  place_release(place_user_place());
  held = false;
  return ring_reap(&ring, answer_ms, &cqe) ? cqe.res : -ETIME;
}

const struct user user_bdev_uring = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = place_user_mode,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .take = take,
    .let_go = let_go,
    .ending = place_user_ending,
    .renew = renew,
    .store = place_user_store,
    .load = place_user_load,
    .counts = place_user_counts,
    .align = 512,
    .most = 256 << 10,
};
