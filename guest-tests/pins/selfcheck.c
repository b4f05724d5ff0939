// SPDX-License-Identifier: GPL-2.0
// The counters themselves: every other number of pinrig depends on them.
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "uring.h"

enum { pages = 16 };

// Reading stat_refresh must fold everything at once: a synchronous pin shows whole in the very next reading.
static void stat_refresh_folds(const void* arg) {
  (void)arg;
  struct buffer from, to;
  struct pins before, after;
  if (!buffer_get(&from, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&to, BUFFER_PAGES, pages * page_bytes())) return;
  if (!pins_begin(&before)) return;
  pins_claim_exact(pages);
  ssize_t got = proc_vm_read(to.addr, from.addr, from.size);
  KTAP_REQUIRE(got == (ssize_t)from.size, "process_vm_readv gave %zd: %s", got, strerror(errno));
  if (!pins_sample(&after)) return;
  long long acquired = after.acquired - before.acquired, released = after.released - before.released;
  ktap_note("one reading later: acq=%+lld rel=%+lld", acquired, released);
  if (acquired != pages || released != pages) ktap_fail("want %d/%d without waiting", pages, pages);
  buffer_put(&from);
  buffer_put(&to);
}

// Each CPU counts for itself, up to a threshold (mm/vmstat.c): all of them are folded.
static void every_cpu_is_folded(const void* arg) {
  (void)arg;
  struct buffer from, to;
  struct pins before, after;
  cpu_set_t all, one;
  int cpus = 0;
  if (!buffer_get(&from, BUFFER_PAGES, page_bytes()) || !buffer_get(&to, BUFFER_PAGES, page_bytes())) return;
  KTAP_REQUIRE(sched_getaffinity(0, sizeof(all), &all) == 0, "sched_getaffinity: %s", strerror(errno));
  if (!pins_begin(&before)) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    if (proc_vm_read(to.addr, from.addr, from.size) != (ssize_t)from.size)
      ktap_fail("process_vm_readv: %s", strerror(errno));
    ++cpus;
  }
  pins_claim_exact(cpus);
  sched_setaffinity(0, sizeof(all), &all);
  if (!pins_sample(&after)) return;
  long long acquired = after.acquired - before.acquired, released = after.released - before.released;
  if (acquired != cpus || released != cpus)
    ktap_fail("%d CPUs pinned a page each: %lld/%lld", cpus, acquired, released);
  buffer_put(&from);
  buffer_put(&to);
}

// Both counters only ever grow, and nothing pins on an idle machine.
static void counters_are_monotonic(const void* arg) {
  (void)arg;
  struct pins last, now;
  if (!pins_begin(&last)) return;
  struct pins first = last;
  for (int i = 0; i < 20 && pins_sample(&now); ++i) {
    if (now.acquired < last.acquired || now.released < last.released)
      ktap_fail("a counter decreased: %lld/%lld after %lld/%lld", now.acquired, now.released, last.acquired,
                last.released);
    last = now;
  }
  pins_expect(&first, 0, 0);
}

// mm/process_vm_access.c pins each page once and unpins it: the plainest user of FOLL_PIN there is.
static void process_vm_pages(const void* arg) {
  bool write = arg != NULL;
  struct buffer remote, local;
  struct pins before;
  if (!buffer_get(&remote, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&local, BUFFER_PAGES, pages * page_bytes())) return;
  pattern_fill(write ? local.addr : remote.addr, remote.size, 1, 0);
  if (!pins_begin(&before)) return;
  ssize_t got = write ? proc_vm_write(local.addr, remote.addr, remote.size)
                      : proc_vm_read(local.addr, remote.addr, remote.size);
  if (got != (ssize_t)remote.size) ktap_fail("process_vm gave %zd: %s", got, strerror(errno));
  pins_expect(&before, pages, pages);
  long bad = pattern_check(write ? remote.addr : local.addr, remote.size, 1, 0);
  if (bad >= 0) ktap_fail("byte %ld was not copied", bad);
  buffer_put(&remote);
  buffer_put(&local);
}

// A huge page pinned whole counts once per base page in it, not once per folio.
static void huge_page_counts_base_pages(const void* arg) {
  struct buffer huge, local;
  struct pins before;
  if (!buffer_get(&huge, *(const enum buffer_kind*)arg, 1)) return;
  if (huge.size > 64u << 20) {
    ktap_skip("a huge page of %zu MiB is too large for the guest", huge.size >> 20);
  } else if (buffer_get(&local, BUFFER_PAGES, huge.size) && pins_begin(&before)) {
    ssize_t got = proc_vm_read(local.addr, huge.addr, huge.size);
    if (got != (ssize_t)huge.size) ktap_fail("process_vm_readv gave %zd: %s", got, strerror(errno));
    long long count = (long long)(huge.size / page_bytes());
    pins_expect(&before, count, count);
    buffer_put(&local);
  }
  buffer_put(&huge);
}

// FOLL_LONGTERM: acquired at registration, held meanwhile, released when unregistered.
static void longterm_is_held(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    int error = uring_register(ring, buffer.addr, buffer.size);
    if (error) ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
    pins_expect_longterm(&before, pages);
    error = uring_unregister(ring);
    if (error) ktap_fail("IORING_UNREGISTER_BUFFERS: %s", strerror(-error));
    pins_expect(&before, 0, pages);
  }
  if (ring >= 0) close(ring);
  buffer_put(&buffer);
}

int main(void) {
  static const enum buffer_kind thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"stat_refresh_folds", stat_refresh_folds, NULL},
      {"every_cpu_is_folded", every_cpu_is_folded, NULL},
      {"counters_are_monotonic", counters_are_monotonic, NULL},
      {"process_vm_readv_16_pages", process_vm_pages, NULL},
      {"process_vm_writev_16_pages", process_vm_pages, "write"},
      {"process_vm_readv_thp", huge_page_counts_base_pages, &thp},
      {"process_vm_readv_hugetlb", huge_page_counts_base_pages, &hugetlb},
      {"longterm_16_pages_held", longterm_is_held, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
