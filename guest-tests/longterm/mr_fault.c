// SPDX-License-Identifier: GPL-2.0
// Memory regions with each allocation failing in turn (ib_umem_get() and the driver): a region that cannot be
// created leaves nothing pinned.
#include <sys/mman.h>

#include "fault.h"
#include "mr.h"

enum { max_faults = 400 };

struct walk {
  enum buffer_kind kind;
  size_t pages, fresh;  // the last of them are not there before
};

struct attempt {
  const struct walk* walk;
  struct link link;
  struct buffer buffer;
  struct pins before;
  int refused;
};

static bool attempt(void* context, int nth) {
  struct attempt* a = context;
  const size_t fresh = a->walk->fresh * page_bytes();
  if (fresh) madvise(a->buffer.addr + a->buffer.size - fresh, fresh, MADV_DONTNEED);
  if (!fault_nth_arm(nth)) return false;
  struct ibv_mr* region =
      ibv_reg_mr(a->link.domain, a->buffer.addr, a->walk->pages * page_bytes(), IBV_ACCESS_LOCAL_WRITE);
  int status = region ? 0 : -errno;
  bool injected = fault_nth_disarm();
  a->refused += fault_refused(nth, injected, status);
  int error = region ? ibv_dereg_mr(region) : 0;
  if (error) ktap_fail("ibv_dereg_mr: %s", strerror(error));
  // Before the next attempt, so that a leak is seen where it happens.
  pins_expect_at_least(&a->before, region ? (long long)a->walk->pages : 0, 0);
  return injected;
}

static bool lay_out(struct attempt* a) {
  const size_t fresh = a->walk->fresh * page_bytes();
  if (!buffer_get(&a->buffer, a->walk->kind, a->walk->pages * page_bytes())) return false;
  if (fresh == 0) return true;
  void* last = mmap(a->buffer.addr + a->buffer.size - fresh, fresh, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return (last != MAP_FAILED && madvise(last, fresh, MADV_NOHUGEPAGE) == 0) ||
         ktap_fail("mmap: %s", strerror(errno));
}

static void every_allocation_fails(const void* arg) {
  struct attempt a = {.walk = arg};
  long huge_before = hugetlb_free();
  if (fault_nth_ready() && link_open(&a.link) && lay_out(&a)) {
    if (pins_begin(&a.before)) {
      int faults = fault_each(attempt, &a, max_faults);
      ktap_note("%d faults injected, %d regions refused", faults, a.refused);
    }
    if (a.walk->kind == BUFFER_MEMFD) buffer_seal(&a.buffer);
    buffer_put(&a.buffer);
    if (a.walk->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  link_close(&a.link);
}

int main(void) {
  // 600: more than ib_umem_get() pins at a time.
  static const struct walk plain = {BUFFER_MEMFD, 16, 0}, many = {BUFFER_MEMFD, 600, 0},
                           fresh = {BUFFER_MEMFD, 16, 8}, huge = {BUFFER_HUGETLB, 64, 0};
  static const struct ktap_case cases[] = {
      {"16_pages", every_allocation_fails, &plain},
      {"600_pages", every_allocation_fails, &many},
      {"16_pages_half_absent", every_allocation_fails, &fresh},
      {"hugetlb", every_allocation_fails, &huge},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
