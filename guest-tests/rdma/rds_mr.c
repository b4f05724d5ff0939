// SPDX-License-Identifier: GPL-2.0
// Memory regions of RDS (net/rds/rdma.c): memory that a socket registers for its peer is pinned with
// FOLL_LONGTERM, page by page, until it is freed or the socket is closed. Freed regions wait for a flush,
// which the flag INVALIDATE requests.
#include <errno.h>
#include <linux/rds.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "ktap.h"
#include "patience.h"
#include "pins.h"
#include "proc.h"
#include "rds.h"

enum { pages = 16, flush_ms = 1000 };

struct region {
  enum buffer_kind kind;
  size_t offset, bytes;  // 0 bytes: `pages` pages
};
static size_t bytes_of(const struct region* region) {
  return region->bytes ? region->bytes : pages * page_bytes();
}

static void freed(const void* arg) {
  const struct region* region = arg;
  struct rds_end ends[2];
  struct buffer buffer;
  struct pins before;
  uint64_t cookie = 0;
  long free_before = hugetlb_free();
  if (!buffer_get(&buffer, region->kind, region->offset + bytes_of(region))) return;
  if (rds_open(ends)) {
    long long count = rds_hold(ends, buffer.addr + region->offset, bytes_of(region), 0, &cookie, &before);
    if (count) rds_drop(&ends[0], cookie, count, &before);
    if (count && rds_free(&ends[0], cookie, 0) != EINVAL) ktap_fail("a region was freed twice");
  }
  rds_close(ends);
  if (region->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (region->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

// The message that named the region holds it until the peer has acknowledged it: a region that is released
// after a flush waits for the next one.
static int flush(const struct rds_end* end, const struct pins* before) {
  const long long limit = clock_ms() + patience_scaled(flush_ms);
  struct pins now;
  for (;;) {
    const int error = rds_free(end, 0, 0);
    if (error || !pins_sample(&now) || now.released - before->released >= pages || clock_ms() > limit)
      return error;
    sleep_ms(1);
  }
}

// Without INVALIDATE the pages may stay until all unused regions are flushed.
static void flushed(const void* arg) {
  (void)arg;
  struct rds_end ends[2];
  struct buffer buffer;
  struct pins before;
  uint64_t cookie = 0;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (rds_open(ends) && rds_hold(ends, buffer.addr, buffer.size, 0, &cookie, &before)) {
    int error = rds_free(&ends[0], cookie, 0);
    if (!error) error = flush(&ends[0], &before);
    if (error) ktap_fail("freeing and flushing: %s", strerror(error));
    pins_expect(&before, 0, pages);
  }
  rds_close(ends);
  buffer_put(&buffer);
}

static void closed(const void* arg) {
  (void)arg;
  struct rds_end ends[2];
  struct buffer buffer;
  struct pins before;
  uint64_t cookie = 0;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  bool held = rds_open(ends) && rds_hold(ends, buffer.addr, buffer.size, 0, &cookie, &before);
  rds_close(ends);
  if (held) pins_expect(&before, 0, pages);
  buffer_put(&buffer);
}

static void live_and_be_killed(const struct rendezvous* ready, const struct rendezvous* never) {
  struct rds_end ends[2];
  struct buffer buffer;
  uint64_t cookie = 0;
  bool mapped = buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) && rds_open(ends) &&
                rds_map(ends, buffer.addr, buffer.size, 0, &cookie) == 0;
  rendezvous_send(ready, mapped);
  rendezvous_linger(never, rds_limit_ms);
  _exit(0);
}

static void killed(const void* arg) {
  (void)arg;
  struct rds_end end;
  struct rendezvous ready, never;
  struct pins before;
  unsigned char byte = 0;
  bool there = rds_end_open(&end, true);
  if (!there || !rendezvous_open(&ready) || !rendezvous_open(&never) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) live_and_be_killed(&ready, &never);
  if (!rendezvous_wait(&ready, &byte, 2 * rds_limit_ms) || !byte) ktap_fail("the child maps nothing");
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  // The same as in flush(): a region that a message still holds when its socket ends waits for a flush.
  const int error = flush(&end, &before);
  if (error) ktap_fail("flushing: %s", strerror(error));
  pins_expect_at_least(&before, pages, 0);
  close(end.fd);
  rendezvous_close(&ready);
  rendezvous_close(&never);
}

int main(void) {
  static const struct region plain = {BUFFER_PAGES, 0, 0}, odd = {BUFFER_PAGES, 100, 0},
                             byte = {BUFFER_PAGES, 100, 1}, memfd = {BUFFER_MEMFD, 0, 0},
                             huge = {BUFFER_HUGETLB, 0, 1 << 20};
  static const struct ktap_case cases[] = {
      {"free", freed, &plain},           {"free_at_100", freed, &odd},
      {"free_1_byte", freed, &byte},     {"free_memfd", freed, &memfd},
      {"free_hugetlb_1m", freed, &huge}, {"free_then_flush", flushed, NULL},
      {"close", closed, NULL},           {"kill", killed, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
