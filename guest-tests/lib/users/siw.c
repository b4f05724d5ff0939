// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a memory region on soft iWARP, which pins by itself before 6.10 and by ib_umem_get() since"
rows: [G13]
traits: [in, out, hold, longterm, charged, limited]
# What leaks when memory runs out stays pinned.
destructive: true
needs: {rdma: true, symbols: [RDMA_RXE, RDMA_SIW, INFINIBAND_USER_ACCESS]}
proof: {mutant: m51-umem-keeps-last, red: [pages.in.anon]}
*/
#include "siw.h"

#include <errno.h>

#include "contract/user.h"
#include "mr.h"

static struct link link;
static struct ibv_mr* held;

static bool open_user(void) {
  const int error = siw_add();
  held = NULL;
  if (error == EINVAL || error == ENODEV || error == EOPNOTSUPP)
    return ktap_skip("creating a siw link: %s (RDMA_SIW)", strerror(error));
  // One that a process left when it was killed is as good.
  if (error && error != EEXIST) return ktap_fail("creating a siw link: %s", strerror(error));
  return link_open_named(&link, "siw");
}

static void close_user(void) {
  if (held) ibv_dereg_mr(held);
  held = NULL;
  link_close(&link);
  siw_remove();
}

static int take(enum way way, void* addr, size_t length) {
  held = ibv_reg_mr(link.domain, addr, length, way == WAY_IN ? IBV_ACCESS_LOCAL_WRITE : 0);
  return held ? 0 : -errno;
}

static long let_go(void) {
  if (!held) return 0;
  // The request itself may be what is made to fail, which leaves the region as it is.
  int error = ibv_dereg_mr(held);
  if (error) error = ibv_dereg_mr(held);
  held = NULL;
  return -error;
}

const struct user user_siw = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
};
