// SPDX-License-Identifier: GPL-2.0
// An RDS socket is closed while the message that tells the peer of a memory region is on its way: the pages
// are unpinned, although nobody frees a region afterwards.
#include <errno.h>
#include <linux/rds.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "rds.h"

enum { pages = 16, attempts = 24, limit_ms = 300 };

// Releases what a closed socket left. False: the running case failed.
static bool flush(void) {
  struct rds_end end;
  const bool good = rds_end_open(&end, true);
  const int error = good ? rds_free(&end, 0, 0) : 0;
  if (end.fd >= 0) close(end.fd);
  return good && (!error || ktap_fail("flushing unused regions: %s", strerror(error)));
}

// Did the pages stay pinned?
static bool kept(const struct buffer* buffer, struct pins* before) {
  struct rds_end ends[2];
  struct pins now;
  uint64_t cookie = 0;
  const struct rds_get_mr_args args = {.vec = {(uintptr_t)buffer->addr, buffer->size},
                                       .cookie_addr = (uintptr_t)&cookie,
                                       .flags = RDS_RDMA_READWRITE};
  const bool open = rds_open(ends);
  const int error = open ? rds_send(&ends[0], &ends[1], RDS_CMSG_RDMA_MAP, &args, sizeof(args)) : 0;
  if (error) ktap_fail("mapping a region: %s", strerror(error));
  rds_close(ends);
  if (!open || error || !pins_sample(&now)) return false;
  const long long taken = now.acquired - before->acquired;
  pins_await_released(before, taken, limit_ms);
  return pins_sample(&now) && now.released - before->released < taken;
}

static void at_once(const void* arg) {
  struct buffer buffer;
  struct pins before;
  int left = 0;
  (void)arg;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  for (int i = 0; i < attempts && !ktap_failed() && pins_begin(&before); ++i) {
    if (kept(&buffer, &before)) {
      ++left;
      flush();
    }
    pins_expect_at_least(&before, pages, 0);
  }
  if (left) ktap_fail("%d of %d times the pages stayed pinned until a flush", left, attempts);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {{"at_once", at_once, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
