// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a memory region on soft RoCE (ib_umem_get()), reached by RDMA read and write"
rows: [G9, G10]
traits: [in, out, data, hold, longterm, charged, limited]
needs: {rdma: true, symbols: [RDMA_RXE, INFINIBAND_USER_ACCESS]}
proof:
  - {mutant: m95-rxe-first-page-only, red: [data.in.anon, data.out.hugetlb]}
  - {mutant: m211-umem-dirties-first, red: [dirty.free_held.anon], pages: "0"}
  - {mutant: m212-longterm-fast-fsdax, red: [longterm.file.fsdax, longterm.file_out.fsdax]}
  - {mutant: m216-umem-other-account, red: [charge.other.anon, charge.other.hugetlb], pages: "0"}
  - {mutant: m218-retry-error-keeps, red: [fault.taken_away.untouched], pages: "+"}
  - {mutant: m222-rxe-loses-odd-tail, red: [data.in.anon, data.out.anon], pages: "0"}
not:
  data.long_in: "a region is taken at once, whatever its length: pages.in asks for it"
  data.long_out: "a region is taken at once, whatever its length: pages.in asks for it"
*/
#include <errno.h>
#include <sys/mman.h>

#include "contract/user.h"
#include "mr_pair.h"

enum { most = 2 << 20, far_pages = 32 };

static struct pair pair;
static struct buffer other;
static struct ibv_mr *far_end, *held;
static enum way held_way;
static size_t stored;
static bool opened;

static void close_user(void) {
  if (!opened) return;
  opened = false;
  if (held) ibv_dereg_mr(held);
  if (far_end) ibv_dereg_mr(far_end);
  pair_close(&pair);
  buffer_put(&other);
}

static bool open_user(void) {
  opened = true;
  held = far_end = NULL;
  stored = 0;
  other = (struct buffer){.map = MAP_FAILED, .fd = -1};
  if (!pair_open(&pair) || !buffer_get(&other, BUFFER_PAGES, far_pages * page_bytes())) return false;
  far_end = ibv_reg_mr(pair.link.domain, other.addr, other.size, pair_access);
  pins_claim_at_least(far_pages);
  return far_end || ktap_fail("ibv_reg_mr of the other end: %s", strerror(errno));
}

static int take(enum way way, void* addr, size_t length) {
  held_way = way;
  held = ibv_reg_mr(pair.link.domain, addr, length, way == WAY_IN ? IBV_ACCESS_LOCAL_WRITE : 0);
  return held ? 0 : -errno;
}

// The transfer that store() announced, then the end of the region.
static long let_go(void) {
  if (!held) return 0;
  struct ibv_mr* region = held;
  long done = stored >= region->length ? (long)region->length : 0;
  if (done &&
      !(held_way == WAY_IN ? pair_transfer(&pair, IBV_WR_RDMA_READ, far_end, region, (unsigned)done)
                           : pair_transfer(&pair, IBV_WR_RDMA_WRITE, region, far_end, (unsigned)done)))
    done = -EIO;
  held = NULL;
  // The request itself may be what is made to fail, which leaves the region as it is.
  int error = ibv_dereg_mr(region);
  if (error) error = ibv_dereg_mr(region);
  return error ? -error : done;
}

static bool store(const void* data, size_t length) {
  stored = length <= other.size ? length : 0;
  memcpy(other.addr, data, stored);
  return stored || ktap_fail("%zu bytes are more than the other end has", length);
}

static bool load(void* data, size_t length) {
  memcpy(data, other.addr, length);
  return true;
}

const struct user user_rxe = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .store = store,
    .load = load,
    .most = most,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
};
