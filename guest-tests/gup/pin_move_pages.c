// SPDX-License-Identifier: GPL-2.0
// move_pages() and mbind() move memory to another node (mm/migrate.c, mm/mempolicy.c), but not pinned pages;
// querying the node of a page (get_mempolicy() through get_user_pages_fast()) does not pin it or prevent its
// migration.
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"

enum { seed = 101, new_seed = 102 };

struct way {
  enum buffer_kind kind;
  bool bind;  // by mbind()
};

// Node of the page at `addr`, without pins: -1 when the case has failed.
static int node_of(void* addr) {
  struct pins before;
  int node = -1;
  if (!pins_begin(&before)) return -1;
  if (syscall(SYS_get_mempolicy, &node, NULL, 0, addr, MPOL_F_NODE | MPOL_F_ADDR) < 0)
    ktap_fail("get_mempolicy: %s", strerror(errno));
  pins_expect(&before, 0, 0);
  return ktap_failed() ? -1 : node;
}

// What the kernel says of it: 0 for moved; else what move_pages() leaves unmoved, or the error of mbind().
static long move(const struct way* way, void* addr, int node) {
  unsigned long mask = 1ul << node;
  if (way->bind) {
    // Pages come in units of the mapping; a policy for all of them and MPOL_MF_STRICT for an answer.
    size_t length = way->kind == BUFFER_THP ? thp_bytes() : page_bytes();
    long done =
        syscall(SYS_mbind, addr, length, MPOL_BIND, &mask, 8 * sizeof(mask), MPOL_MF_MOVE | MPOL_MF_STRICT);
    return done == 0 ? 0 : -errno;
  }
  // A page that is not moved leaves its status as it was.
  int status = -EBUSY;
  long left = syscall(SYS_move_pages, 0, 1ul, &addr, &node, &status, MPOL_MF_MOVE);
  if (left < 0) return -errno;
  return left > 0 || status != node ? (status < 0 ? status : -EAGAIN) : 0;
}

static void pinned(const struct way* way, struct buffer* buffer, uint64_t frame, int other) {
  struct hold hold;
  if (hold_open(&hold, buffer->addr, page_bytes())) {
    long answer = move(way, buffer->addr, other);
    ktap_note("of a pinned page: %ld", answer);
    if (answer != -EBUSY && answer != -EAGAIN && answer != -EIO)
      ktap_fail("moving a pinned page gives %ld", answer);
    if (pagemap_pfn(buffer->addr) != frame) ktap_fail("a pinned page moved");
    pattern_fill(buffer->addr, page_bytes(), new_seed, 0);
    hold_check(&hold, 0, page_bytes(), new_seed, "after the attempt to move it");
  }
  hold_close(&hold);
}

static void moved(const void* arg) {
  const struct way* way = arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, way->kind, page_bytes())) return;
  pattern_fill(buffer.addr, page_bytes(), seed, 0);
  uint64_t frame = pagemap_pfn(buffer.addr);
  int node = node_of(buffer.addr), other = 1 - node;
  if (frame == 0) ktap_fail("no frame in /proc/self/pagemap");
  if (!ktap_failed()) pinned(way, &buffer, frame, other);
  if (!ktap_failed()) {
    // The same page, not held.
    long answer = move(way, buffer.addr, other);
    if (answer != 0) ktap_fail("moving an unpinned page gives %ld", answer);
    if (pagemap_pfn(buffer.addr) == frame) ktap_fail("the page did not move");
    if (node_of(buffer.addr) != other) ktap_fail("the page is not on node %d", other);
    if (pattern_check(buffer.addr, page_bytes(), new_seed, 0) >= 0) ktap_fail("data lost");
  }
  buffer_put(&buffer);
}

int main(void) {
  static const struct way page = {BUFFER_PAGES, false}, thp = {BUFFER_THP, false},
                          memfd = {BUFFER_MEMFD, false};
  static const struct way bind_page = {BUFFER_PAGES, true}, bind_thp = {BUFFER_THP, true};
  static const struct ktap_case cases[] = {
      {"move_page", moved, &page},       {"move_thp", moved, &thp},       {"move_memfd", moved, &memfd},
      {"mbind_page", moved, &bind_page}, {"mbind_thp", moved, &bind_thp},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
