// SPDX-License-Identifier: GPL-2.0
// Two queue pairs of one soft RoCE device, connected to each other: RDMA write, read, send and receive
// between regions, on every kind of memory. The received data is what was sent, and only regions pin: work
// requests do not.
#include "mr_pair.h"

enum { seed = 90 };

static void transfers(const void* arg) {
  const enum buffer_kind* kind = arg;
  static const enum ibv_wr_opcode opcodes[] = {IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ, IBV_WR_SEND};
  struct pair pair;
  struct buffer from, to;
  struct pins before;
  if (pair_open(&pair) && buffer_get(&from, *kind, MR_PAGES * page_bytes())) {
    if (buffer_get(&to, *kind, from.size)) {
      long long pages = (long long)(from.size / page_bytes());
      struct ibv_mr* source = mr_hold(&pair.link, from.addr, from.size, pair_access, &before);
      struct ibv_mr* target = source ? mr_hold(&pair.link, to.addr, to.size, pair_access, &before) : NULL;
      for (unsigned i = 0; target && i < 3 && !ktap_failed(); ++i) {
        pattern_fill(from.addr, from.size, seed + i, 0);
        if (pair_transfer(&pair, opcodes[i], source, target, (unsigned)from.size) &&
            pattern_check(to.addr, to.size, seed + i, 0) >= 0)
          ktap_fail("wrong data after opcode %d", opcodes[i]);
        pins_expect(&before, 0, 0);
      }
      mr_drop(target, pages, &before);
      mr_drop(source, pages, &before);
      buffer_put(&to);
    }
    buffer_put(&from);
  }
  pair_close(&pair);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB,
                                memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"pages", transfers, &page},
      {"memfd", transfers, &memfd},
      {"thp", transfers, &thp},
      {"hugetlb", transfers, &hugetlb},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
