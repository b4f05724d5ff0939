// SPDX-License-Identifier: GPL-2.0
// Short-lived pins of RDS: the peer's own memory while it writes to a region or reads from one
// (rds_cmsg_rdma_args()), and the buffer for socket information (net/rds/info.c). The data is right, and only
// the owner holds the region.
#include <errno.h>
#include <linux/rds.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "rds.h"

enum { pages = 16 };

// The peer writes to the region, or reads from it: its own pages are pinned until that is done.
static void transferred(const void* arg) {
  const bool* write = arg;
  struct rds_end ends[2];
  struct buffer region, local;
  struct pins before;
  uint64_t cookie = 0;
  const size_t offset = 100, length = pages * page_bytes();
  if (!buffer_get(&region, BUFFER_PAGES, offset + length) || !buffer_get(&local, BUFFER_PAGES, length))
    return;
  pattern_fill(region.addr + offset, length, 21, 0);
  pattern_fill(local.addr, length, 22, 0);
  if (rds_open(ends)) {
    long long count = rds_hold(ends, region.addr + offset, length, 0, &cookie, &before);
    if (count && rds_transfer(ends, cookie, local.addr, length, *write)) {
      pins_expect_at_least(&before, pages, 0);
      const unsigned char* target = *write ? region.addr + offset : local.addr;
      if (pattern_check(target, length, *write ? 22 : 21, 0) >= 0) ktap_fail("wrong data was transferred");
    }
    if (count) rds_drop(&ends[0], cookie, count, &before);
  }
  rds_close(ends);
  buffer_put(&local);
  buffer_put(&region);
}

// A region for one use goes with it.
static void used_once(const void* arg) {
  (void)arg;
  struct rds_end ends[2];
  struct buffer region, local;
  struct pins before;
  uint64_t cookie = 0;
  if (!buffer_get(&region, BUFFER_PAGES, pages * page_bytes()) ||
      !buffer_get(&local, BUFFER_PAGES, page_bytes()))
    return;
  pattern_fill(local.addr, page_bytes(), 23, 0);
  if (rds_open(ends) &&
      rds_hold(ends, region.addr, region.size, RDS_RDMA_USE_ONCE | RDS_RDMA_INVALIDATE, &cookie, &before)) {
    if (rds_transfer(ends, cookie, local.addr, page_bytes(), true)) pins_expect_at_least(&before, 1, -pages);
    if (pattern_check(region.addr, page_bytes(), 23, 0) >= 0) ktap_fail("wrong data was transferred");
    if (rds_free(&ends[0], cookie, 0) != EINVAL) ktap_fail("the region still exists");
  }
  rds_close(ends);
  buffer_put(&local);
  buffer_put(&region);
}

// A transfer that is refused: a part of the peer's own memory is not mapped.
static void local_absent(const void* arg) {
  (void)arg;
  struct rds_end ends[2];
  struct buffer region;
  struct pins before;
  uint64_t cookie = 0;
  if (!buffer_get(&region, BUFFER_PAGES, pages * page_bytes())) return;
  if (rds_open(ends) && rds_hold(ends, region.addr, region.size, 0, &cookie, &before)) {
    struct rds_iovec vec[2] = {{(uintptr_t)region.addr, 2 * page_bytes()}, {page_bytes(), page_bytes()}};
    struct rds_rdma_args args = {
        .cookie = cookie, .remote_vec = {0, region.size}, .local_vec_addr = (uintptr_t)vec, .nr_local = 2};
    int error = rds_send(&ends[1], &ends[0], RDS_CMSG_RDMA_ARGS, &args, sizeof(args));
    if (error != EFAULT) ktap_fail("the transfer gave %s, not EFAULT", strerror(error));
    pins_expect_at_least(&before, 2, 0);
    rds_drop(&ends[0], cookie, pages, &before);
  }
  rds_close(ends);
  buffer_put(&region);
}

// getsockopt(RDS_INFO_*) writes through pins of all the room that it is given.
static void information(const void* arg) {
  (void)arg;
  struct rds_end end;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  memset(buffer.addr, 0, buffer.size);
  if (rds_end_open(&end, false) && pins_begin(&before)) {
    socklen_t length = (socklen_t)buffer.size;
    int each = getsockopt(end.fd, SOL_RDS, RDS_INFO_COUNTERS, buffer.addr, &length);
    const struct rds_info_counter* first = (const void*)buffer.addr;
    if (each != (int)sizeof(*first))
      ktap_fail("RDS_INFO_COUNTERS gave %d: %s", each, each < 0 ? strerror(errno) : "another size");
    else if (!first->name[0])
      ktap_fail("the first counter has no name");
    pins_expect(&before, pages, pages);
  }
  if (end.fd >= 0) close(end.fd);
  buffer_put(&buffer);
}

int main(void) {
  static const bool write = true, read = false;
  static const struct ktap_case cases[] = {
      {"peer_writes", transferred, &write}, {"peer_reads", transferred, &read},
      {"used_once", used_once, NULL},       {"local_absent", local_absent, NULL},
      {"information", information, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
