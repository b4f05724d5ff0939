// SPDX-License-Identifier: GPL-2.0
// Long-term pins are charged to VmPin of the process, limited by RLIMIT_MEMLOCK for unprivileged users, and
// completely uncharged.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mr.h"
#include "proc.h"
#include "uring.h"

enum { limit_ms = 20000 };

static void charged(long before, long pages, const char* when) {
  long now = proc_status_kib("VmPin"), want = before + pages * (long)(page_bytes() / 1024);
  ktap_note("VmPin %s: %ld kB", when, now);
  if (now != want) ktap_fail("VmPin %s is %ld kB, want %ld", when, now, want);
}

static void region_is_charged(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    long start = proc_status_kib("VmPin");
    for (int i = 0; i < 3 && !ktap_failed(); ++i) {
      struct ibv_mr* region = mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
      charged(start, MR_PAGES, "with a region");
      mr_drop(region, MR_PAGES, &before);
      charged(start, 0, "without");
    }
    // A refusal on the way charges nothing either.
    munmap(buffer.addr + buffer.size / 2, buffer.size / 2);
    mr_refused(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, EFAULT, 0);
    charged(start, 0, "after a refusal");
    buffer_put(&buffer);
  }
  link_close(&link);
}

static void registered_buffer_is_charged(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    long start = proc_status_kib("VmPin");
    for (int i = 0; i < 3 && pins_begin(&before); ++i) {
      int error = uring_register(ring, buffer.addr, buffer.size);
      if (error) ktap_fail("registering: %s", strerror(-error));
      pins_expect_longterm(&before, MR_PAGES);
      charged(start, MR_PAGES, "with a registered buffer");
      uring_unregister(ring);
      pins_expect(&before, 0, MR_PAGES);
      charged(start, 0, "without");
    }
    buffer_put(&buffer);
  }
  close(ring);
}

// Without CAP_IPC_LOCK: 8 pages may be locked. 8 can be registered, 8 more cannot, and after the first are
// released they can again. Exit codes say which step went wrong.
static int live_within_limit(struct link* link, struct buffer* buffer) {
  const size_t half = buffer->size / 2;
  struct rlimit limit = {half, half};
  struct ibv_mr *first, *second;
  if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0) return 4;
  proc_drop_ipc_lock();
  if (!(first = ibv_reg_mr(link->domain, buffer->addr, half, IBV_ACCESS_LOCAL_WRITE))) return 1;
  if (ibv_reg_mr(link->domain, buffer->addr + half, half, IBV_ACCESS_LOCAL_WRITE)) return 2;
  if (errno != ENOMEM) return 5;
  ibv_dereg_mr(first);
  if (!(second = ibv_reg_mr(link->domain, buffer->addr + half, half, IBV_ACCESS_LOCAL_WRITE))) return 3;
  ibv_dereg_mr(second);
  return 0;
}

static void limit(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  static const char* const steps[] = {"",
                                      "within the limit: refused",
                                      "beyond the limit: allowed",
                                      "after release: refused",
                                      "cannot set the limit",
                                      "beyond the limit: not ENOMEM"};
  if (!pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    if (!link_open(&link) || !buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) _exit(4);
    _exit(live_within_limit(&link, &buffer));
  }
  int code = proc_reap(child, limit_ms);
  if (code > 0 && code < 6) ktap_fail("%s", steps[code]);
  pins_expect_at_least(&before, MR_PAGES, 0);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"region_is_charged", region_is_charged, NULL},
      {"registered_buffer_is_charged", registered_buffer_is_charged, NULL},
      {"limit_is_kept", limit, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
