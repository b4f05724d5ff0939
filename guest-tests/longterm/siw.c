// SPDX-License-Identifier: GPL-2.0
// Memory regions on soft iWARP (siw), which pins by itself in older kernels and by ib_umem_get() since 6.10
// (drivers/infiniband/sw/siw/siw_mem.c). The test creates its own link, in addition to the soft RoCE one, and
// removes it.
#include "siw.h"

#include "mr.h"

static void regions(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open_named(&link, "siw") && buffer_get(&buffer, *kind, MR_PAGES * page_bytes())) {
    long long pages = (long long)(buffer.size / page_bytes());
    mr_drop(mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before), pages, &before);
    mr_drop(mr_hold(&link, buffer.addr + 100, page_bytes(), IBV_ACCESS_LOCAL_WRITE, &before), 2, &before);
    buffer_put(&buffer);
  }
  link_close(&link);
}

static void beside_rxe(const void* arg) {
  (void)arg;
  struct link first, second;
  struct buffer buffer;
  struct pins before;
  if (link_open(&first) && link_open_named(&second, "siw")) {
    if (buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
      struct ibv_mr* one = mr_hold(&first, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
      struct ibv_mr* two = mr_hold(&second, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
      mr_drop(one, MR_PAGES, &before);
      mr_drop(two, MR_PAGES, &before);
      buffer_put(&buffer);
    }
    link_close(&second);
  }
  link_close(&first);
}

static void link_comes(const void* arg) {
  (void)arg;
  int error = siw_add();
  if (error == EINVAL || error == ENODEV || error == EOPNOTSUPP)
    ktap_skip("creating a siw link: %s (RDMA_SIW)", strerror(error));
  else if (error)
    ktap_fail("creating a siw link: %s", strerror(error));
}

static void link_goes(const void* arg) {
  (void)arg;
  int error = siw_remove();
  if (error == ENODEV) ktap_skip("the siw link does not exist");
  if (error && error != ENODEV) ktap_fail("removing the siw link: %s", strerror(error));
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP;
  static const struct ktap_case cases[] = {
      {"link_comes", link_comes, NULL}, {"pages", regions, &page},      {"thp", regions, &thp},
      {"beside_rxe", beside_rxe, NULL}, {"link_goes", link_goes, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
