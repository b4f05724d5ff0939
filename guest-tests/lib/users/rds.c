// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a memory region that RDS registers for its peer, until it is freed"
rows: [G24, FOLL_LONGTERM]
traits: [in, hold, longterm]
needs: {rdma: true, symbols: [RDMA_RXE, RDS_RDMA]}
*/
#include "rds.h"

#include <errno.h>
#include <linux/rds.h>

#include "contract/user.h"
#include "ktap.h"

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

static int take(enum way way, void* addr, size_t length) {
  (void)way;
  const int error = rds_map(ends, addr, length, RDS_RDMA_READWRITE, &cookie);
  held = error == 0;
  return -error;
}

static long let_go(void) {
  if (!held) return 0;
  held = false;
  return -rds_free(&ends[0], cookie, RDS_RDMA_INVALIDATE);
}

const struct user user_rds = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .longterm = true,
};
