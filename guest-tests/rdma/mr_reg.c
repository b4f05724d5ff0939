// SPDX-License-Identifier: GPL-2.0
// Memory regions on soft RoCE: ib_umem_get() (drivers/infiniband/core/umem.c) pins what is registered with
// FOLL_LONGTERM, page by page, until the region is deregistered.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "caps.h"
#include "mr.h"
#include "proc.h"

enum { pages = 16, child_limit_ms = 20000 };

// What is registered of which buffer: `length` bytes (0: all of it) from `offset`.
struct region {
  enum buffer_kind kind;
  size_t pages;
  size_t offset;
  int access;
};

static void measure(struct link* link, void* addr, size_t length, int access) {
  struct pins before;
  mr_drop(mr_hold(link, addr, length, access, &before), (long long)pages_spanned(addr, length), &before);
}

static void register_and_deregister(const void* arg) {
  const struct region* region = arg;
  struct link link;
  struct buffer buffer;
  size_t length = region->pages * page_bytes();
  // Before the buffer: what the library allocates for itself must not take its place.
  if (link_open(&link) && buffer_get(&buffer, region->kind, length ? length + region->offset : 1)) {
    if (length == 0) length = buffer.size;
    if (length > 64u << 20)
      ktap_skip("a huge page of %zu MiB is too large for the guest", length >> 20);
    else
      measure(&link, buffer.addr + region->offset, length, region->access);
    buffer_put(&buffer);
  }
  link_close(&link);
}

// After it is deregistered, a huge page can go back to its pool: the oracle that needs no counters.
static void hugetlb_goes_back(const void* arg) {
  long before = hugetlb_free();
  register_and_deregister(arg);
  hugetlb_expect_free(before);
}

// Local write access to memory that may not be written is refused, and nothing stays pinned.
static void read_only_memory_is_refused(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    mprotect(buffer.addr, buffer.size, PROT_READ);
    if (pins_begin(&before)) {
      errno = 0;
      struct ibv_mr* region = ibv_reg_mr(link.domain, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE);
      int error = errno;
      if (region || error != EFAULT) ktap_fail("want EFAULT, got %s", region ? "a region" : strerror(error));
      if (region) ibv_dereg_mr(region);
      pins_expect(&before, 0, 0);
    }
    buffer_put(&buffer);
  }
  link_close(&link);
}

// Ranges whose end cannot be are refused before anything is pinned. Those of user memory begin at the buffer.
struct range {
  bool in_buffer;
  uint64_t from_end;  // else: so many bytes before the end of all addresses
  uint64_t length;
};

static void range_is_refused(const void* arg) {
  const struct range* range = arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    if (pins_begin(&before)) {
      void* addr = range->in_buffer ? buffer.addr : (void*)(UINTPTR_MAX - range->from_end + 1);
      errno = 0;
      struct ibv_mr* region = ibv_reg_mr(link.domain, addr, range->length, IBV_ACCESS_LOCAL_WRITE);
      const int error = errno;
      if (region || error != EINVAL) ktap_fail("want EINVAL, got %s", region ? "a region" : strerror(error));
      if (region) ibv_dereg_mr(region);
      pins_expect(&before, 0, 0);
    }
    buffer_put(&buffer);
  }
  link_close(&link);
}

// A long-term pin of the zero page takes real pages first (FAULT_FLAG_UNSHARE): the one place on a machine
// without movable memory where a missing FOLL_LONGTERM shows.
static void zero_page_is_unshared(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    madvise(buffer.addr, buffer.size, MADV_DONTNEED);
    for (size_t i = 0; i < buffer.size; i += page_bytes()) (void)((volatile unsigned char*)buffer.addr)[i];
    measure(&link, buffer.addr, buffer.size, 0);
    buffer_put(&buffer);
  }
  link_close(&link);
}

// A process that ends with a region registered leaves nothing pinned (uverbs closes its context).
static void exit_releases(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (!link_open(&link)) return;
  link_close(&link);
  if (!pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    if (!link_open(&link) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) _exit(1);
    _exit(ibv_reg_mr(link.domain, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE) ? 0 : 2);
  }
  int code = proc_reap(child, child_limit_ms);
  if (code != 0) ktap_fail("the child ended with %d", code);
  pins_expect(&before, pages, pages);
}

// Since 6.15 rxe has regions whose pages it brings in as they are used, and holds none of (rxe_odp.c).
static void on_demand_pins_nothing(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    if (pins_begin(&before)) {
      errno = 0;
      struct ibv_mr* region =
          ibv_reg_mr(link.domain, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND);
      const int error = errno;
      if (!region && error != EINVAL && error != EOPNOTSUPP)
        ktap_fail("a region on demand: %s", strerror(error));
      caps_found("rdma.odp", region ? "yes" : "no");
      pins_expect(&before, 0, 0);
      if (region && ibv_dereg_mr(region) != 0) ktap_fail("ibv_dereg_mr: %s", strerror(errno));
      pins_expect(&before, 0, 0);
    }
    buffer_put(&buffer);
  }
  link_close(&link);
}

int main(void) {
  static const struct region small = {BUFFER_PAGES, pages, 0, IBV_ACCESS_LOCAL_WRITE};
  static const struct region shifted = {BUFFER_PAGES, pages, 100, IBV_ACCESS_LOCAL_WRITE};
  static const struct region read_only = {BUFFER_PAGES, pages, 0, 0};
  static const struct region thp = {BUFFER_THP, 0, 0, IBV_ACCESS_LOCAL_WRITE};
  static const struct region hugetlb = {BUFFER_HUGETLB, 0, 0, IBV_ACCESS_LOCAL_WRITE};
  static const struct region hugetlb_part = {BUFFER_HUGETLB, 3, 4096, IBV_ACCESS_LOCAL_WRITE};
  // 64 KiB is a multiple of each page size. 2^32 of the largest pages.
  static const struct range wraps = {false, 65536, 2 << 16}, last = {false, 65536, 65536 - 100},
                            many = {true, 0, 1ull << 48};
  static const struct ktap_case cases[] = {
      {"16_pages", register_and_deregister, &small},
      {"16_pages_at_100", register_and_deregister, &shifted},
      {"16_pages_read_only_access", register_and_deregister, &read_only},
      {"thp", register_and_deregister, &thp},
      {"hugetlb", hugetlb_goes_back, &hugetlb},
      {"hugetlb_3_pages_at_4096", hugetlb_goes_back, &hugetlb_part},
      {"zero_page_read_only_access", zero_page_is_unshared, NULL},
      {"read_only_memory_refused", read_only_memory_is_refused, NULL},
      {"exit_without_dereg", exit_releases, NULL},
      {"on_demand", on_demand_pins_nothing, NULL},
      {"end_before_start_refused", range_is_refused, &wraps},
      {"last_page_of_all_refused", range_is_refused, &last},
      {"too_many_pages_refused", range_is_refused, &many},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
