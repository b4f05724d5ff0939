// SPDX-License-Identifier: GPL-2.0
/* user:
what: "IORING_OP_SEND_ZC over TCP, to its notification"
rows: [G4]
traits: [out, data, carry, short]
claim: net_zero
needs: {symbols: [INET, IO_URING]}
proof: {mutant: m39-zerocopy-extra-ref, red: [pages.out.memfd]}
*/
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "contract/socket_user.h"
#include "contract/user.h"
#include "ktap.h"
#include "ring.h"

enum { limit_ms = 20000 };

static struct ring ring = {.fd = -1};

static bool known(void) {
  struct {
    struct io_uring_probe head;
    struct io_uring_probe_op ops[IORING_OP_SEND_ZC + 1];
  } answer = {0};
  const long error =
      syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PROBE, &answer, IORING_OP_SEND_ZC + 1);
  return (error == 0 && answer.head.last_op >= IORING_OP_SEND_ZC) ||
         ktap_skip("no IORING_OP_SEND_ZC (since 6.0)");
}

static bool open_user(void) { return socket_user_open_zerocopy() && ring_open(&ring, 4, 0) && known(); }

static void close_ring(void) {
  if (ring.fd >= 0) ring_close(&ring);
  ring.fd = -1;
}

static void close_user(void) {
  close_ring();
  socket_user_close();
}

// A request that was not accepted stays in the ring.
static bool renew(void) {
  close_ring();
  return socket_user_renew_zerocopy() && ring_open(&ring, 4, 0);
}

static long carry(enum way way, void* addr, size_t length) {
  (void)way;
  struct io_uring_cqe result, notification;
  struct io_uring_sqe* sqe = ring_next(&ring);
  sqe->opcode = IORING_OP_SEND_ZC;
  sqe->fd = socket_user_ends[0];
  sqe->addr = (uintptr_t)addr;
  sqe->len = (uint32_t)length;
  const int submitted = ring_try_submit(&ring);
  if (submitted < 0) return submitted;
  if (!ring_reap(&ring, limit_ms, &result)) return -ETIME;
  const long arrived = result.res > 0 ? socket_user_receive((size_t)result.res) : result.res;
  if ((result.flags & IORING_CQE_F_MORE) && !ring_reap(&ring, limit_ms, &notification)) return -ETIME;
  return arrived;
}

const struct user user_send_zc = {
    .ways = USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = user_takes_references,
    .renew = renew,
    .carry = carry,
    .store = local_end_store,
    .load = local_end_load,
    .most = socket_user_most,
};
