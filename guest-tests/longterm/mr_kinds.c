// SPDX-License-Identifier: GPL-2.0
// Memory regions on every kind of memory, several on the same memory, and refused ones (ib_umem_get(),
// drivers/infiniband/core/umem.c). The plain ones are in rdma/mr_reg.
#include <sys/mman.h>
#include <unistd.h>

#include "mr.h"

static void memfd(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_MEMFD, MR_PAGES * page_bytes())) {
    struct ibv_mr* region = mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
    mr_drop(region, MR_PAGES, &before);
    buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  link_close(&link);
}

static void shared_anonymous(const void* arg) {
  (void)arg;
  struct link link;
  struct pins before;
  const size_t size = MR_PAGES * page_bytes();
  void* area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  KTAP_REQUIRE(area != MAP_FAILED, "mmap: %s", strerror(errno));
  memset(area, 1, size);
  if (link_open(&link))
    mr_drop(mr_hold(&link, area, size, IBV_ACCESS_LOCAL_WRITE, &before), MR_PAGES, &before);
  link_close(&link);
  munmap(area, size);
}

// Readable memory for a region that only reads. 6.1 forces its way (FOLL_FORCE) and gets the same.
static void read_only_memory(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    mprotect(buffer.addr, buffer.size, PROT_READ);
    mr_drop(mr_hold(&link, buffer.addr, buffer.size, 0, &before), MR_PAGES, &before);
    buffer_put(&buffer);
  }
  link_close(&link);
}

// The first half is pinned before the rest turns out to be missing, and released.
static void half_unmapped(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes()) && pins_begin(&before)) {
    munmap(buffer.addr + buffer.size / 2, buffer.size / 2);
    mr_refused(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, EFAULT, 0);
    pins_expect_at_least(&before, 0, 0);
    buffer_put(&buffer);
  }
  link_close(&link);
}

// Every region has its own pins of the same pages; they go one by one.
static void three_of_the_same(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  struct ibv_mr* regions[3] = {0};
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    for (int i = 0; i < 3; ++i)
      regions[i] = mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
    mr_drop(regions[1], MR_PAGES, &before);
    mr_drop(regions[0], MR_PAGES, &before);
    mr_drop(regions[2], MR_PAGES, &before);
    buffer_put(&buffer);
  }
  link_close(&link);
}

// rxe has no on-demand paging on these kernels: EINVAL up to 6.1, EOPNOTSUPP since.
// Newer drivers support it (rxe): such a region pins nothing.
static void unpinned_region(struct link* link, const struct buffer* buffer, int access) {
  struct pins before;
  if (!pins_begin(&before)) return;
  struct ibv_mr* region = ibv_reg_mr(link->domain, buffer->addr, buffer->size, access);
  if (!region) ktap_fail("the driver says that it supports paging on demand: %s", strerror(errno));
  pins_expect(&before, 0, 0);
  mr_drop(region, 0, &before);
}

static void on_demand_refused(const void* arg) {
  const int access = IBV_ACCESS_ON_DEMAND | IBV_ACCESS_LOCAL_WRITE;
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct ibv_device_attr_ex can = {0};
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    if (ibv_query_device_ex(link.context, NULL, &can) == 0 && (can.odp_caps.general_caps & IBV_ODP_SUPPORT))
      unpinned_region(&link, &buffer, access);
    else
      mr_refused(&link, buffer.addr, buffer.size, access, EOPNOTSUPP, EINVAL);
    buffer_put(&buffer);
  }
  link_close(&link);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"memfd", memfd, NULL},
      {"shared_anonymous", shared_anonymous, NULL},
      {"read_only_memory_and_access", read_only_memory, NULL},
      {"half_unmapped_refused", half_unmapped, NULL},
      {"three_of_the_same", three_of_the_same, NULL},
      {"on_demand_refused", on_demand_refused, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
