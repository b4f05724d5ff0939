// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a memory region that RDS registers for its peer, until it is freed"
rows: [G24, FOLL_LONGTERM]
traits: [in, hold, longterm]
# A kernel that leaks the pins of each region is waited for in every case.
limit: 180
# One end sends before the other is ready. rxe of 5.10 then sends again without a pause, in a softirq, until
# it is: with one CPU it never is (known issue rxe-sends-without-pause). A second CPU means a guest of its
# own.
needs: {rdma: true, cpus: 2, symbols: [RDMA_RXE, RDS_RDMA]}
destructive: true
proof: {mutant: m78-rds-puts-pages, red: [pages.in.anon]}
*/
#include "rds.h"

#include <errno.h>
#include <linux/rds.h>
#include <string.h>

#include "contract/user.h"
#include "ktap.h"
#include "mr.h"

enum { later_messages = 3 };

static struct rds_end ends[2] = {{.fd = -1}, {.fd = -1}};
static uint64_t cookie;
static bool held;

static bool open_user(void) {
  held = false;
  return rds_open(ends);
}

static void close_user(void) {
  rds_close(ends);
  ends[0].fd = ends[1].fd = -1;
  held = false;
}

// What is made to fail may be the message itself, or its reception: what was sent stays then.
static int receive(uint64_t expected) {
  struct rds_got got;
  int error = rds_try_receive(&ends[1], &got);
  if (error && error != ETIME) error = rds_try_receive(&ends[1], &got);
  if (!error && got.cookie != expected)
    ktap_fail("the peer was sent region %#llx, not %#llx", (unsigned long long)got.cookie,
              (unsigned long long)expected);
  return error;
}

static int exchange(void) {
  int error = rds_send(&ends[0], &ends[1], 0, NULL, 0);
  if (error) error = rds_send(&ends[0], &ends[1], 0, NULL, 0);
  return error ? error : receive(0);
}

// The message keeps the region until its transmission is over. A socket that is closed before that drops its
// regions after the last flush, and the pages stay pinned until another region is freed
// (rds_rdma_drop_keys(), rds_ib_free_mr()): rdma/rds_close shows it. More messages, which are transmitted in
// order, keep it out of this test.
static int take(enum way way, void* addr, size_t length) {
  (void)way;
  const struct rds_get_mr_args args = {
      .vec = {(uintptr_t)addr, length}, .cookie_addr = (uintptr_t)&cookie, .flags = RDS_RDMA_READWRITE};
  int error = rds_send(&ends[0], &ends[1], RDS_CMSG_RDMA_MAP, &args, sizeof(args));
  held = error == 0;
  if (!error) error = receive(cookie);
  for (int i = 0; !error && i < later_messages; ++i) error = exchange();
  return -error;
}

// Twice if need be: the request itself may be what is made to fail.
static long let_go(void) {
  if (!held) return 0;
  held = false;
  const int error = rds_free(&ends[0], cookie, RDS_RDMA_INVALIDATE);
  return error ? -rds_free(&ends[0], cookie, RDS_RDMA_INVALIDATE) : 0;
}

// RDS asks the device for regions on demand where it has them; one of ours says whether it does.
static bool device_has_odp(void) {
  static char page[4096];
  struct link link;
  struct ibv_mr* region = NULL;
  if (link_open(&link))
    region = ibv_reg_mr(link.domain, page, sizeof(page), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND);
  const bool has = region != NULL;
  if (region && ibv_dereg_mr(region) != 0) ktap_fail("ibv_dereg_mr: %s", strerror(errno));
  link_close(&link);
  return has;
}

const struct user user_rds = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .longterm = true,
    .on_demand = device_has_odp,
};
