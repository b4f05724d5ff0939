// SPDX-License-Identifier: GPL-2.0
// Memory regions of RDS with each allocation failing in turn: what was pinned for a region that cannot be
// created is unpinned.
#include <errno.h>
#include <linux/rds.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "rds.h"

enum { pages = 16, max_faults = 200 };

struct attempt {
  struct rds_end ends[2];
  struct buffer buffer;
  struct pins before;
  int refused;
};

// Asked for by a message, which is sent only when there is a region to tell of.
static bool by_message(void* context, int nth) {
  struct attempt* a = context;
  struct rds_got got;
  uint64_t cookie = 0;
  struct rds_get_mr_args args = {.vec = {(uintptr_t)a->buffer.addr, a->buffer.size},
                                 .cookie_addr = (uintptr_t)&cookie};
  if (!fault_nth_arm(nth)) return false;
  int error = rds_send(&a->ends[0], &a->ends[1], RDS_CMSG_RDMA_MAP, &args, sizeof(args));
  bool injected = fault_nth_disarm();
  // A socket says it in its own way.
  a->refused += fault_refused(nth, injected, error == ENOBUFS ? -ENOMEM : -error);
  if (!error && !rds_receive(&a->ends[1], &got)) return false;
  // A region may have been made for a message that could not be sent then.
  int left = cookie ? rds_free(&a->ends[0], cookie, RDS_RDMA_INVALIDATE) : 0;
  if (!error && left) ktap_fail("freeing the region: %s", strerror(left));
  pins_expect_at_least(&a->before, 0, 0);
  return injected;
}

// Pinned before it is found out that there is no connection to register for: refused in any case.
static bool without_peer(void* context, int nth) {
  struct attempt* a = context;
  uint64_t cookie = 0;
  struct rds_get_mr_args args = {.vec = {(uintptr_t)a->buffer.addr, a->buffer.size},
                                 .cookie_addr = (uintptr_t)&cookie};
  if (!fault_nth_arm(nth)) return false;
  int error = setsockopt(a->ends[0].fd, SOL_RDS, RDS_GET_MR, &args, sizeof(args)) == 0 ? 0 : errno;
  bool injected = fault_nth_disarm();
  // Of a device without a connection: rds_ib_get_mr().
  if (error != EOPNOTSUPP && error != ENODEV) a->refused += fault_refused(nth, injected, -error);
  pins_expect_at_least(&a->before, 0, 0);
  return injected;
}

static void walk(struct attempt* a, bool (*one)(void* context, int nth)) {
  if (!buffer_get(&a->buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  if (pins_begin(&a->before)) {
    int faults = fault_each(one, a, max_faults);
    ktap_note("%d faults injected, %d regions refused", faults, a->refused);
  }
}

static void peer_asked(const void* arg) {
  (void)arg;
  struct attempt a = {.buffer = {.fd = -1}};
  if (!fault_nth_ready()) return;
  if (rds_open(a.ends)) walk(&a, by_message);
  rds_close(a.ends);
  if (a.buffer.addr) buffer_seal(&a.buffer);
  if (a.buffer.addr) buffer_put(&a.buffer);
}

static void nobody_asked(const void* arg) {
  (void)arg;
  struct attempt a = {.buffer = {.fd = -1}};
  if (!fault_nth_ready()) return;
  if (rds_end_open(&a.ends[0], true)) walk(&a, without_peer);
  if (a.ends[0].fd >= 0) close(a.ends[0].fd);
  if (a.buffer.addr) buffer_seal(&a.buffer);
  if (a.buffer.addr) buffer_put(&a.buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"without_peer", nobody_asked, NULL},
      {"by_message", peer_asked, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
