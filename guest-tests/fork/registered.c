// SPDX-License-Identifier: GPL-2.0
// fork() with long-term pinned memory: what a device accesses through the pin stays the parent's memory,
// the child gets copies, and fork() itself acquires nothing. The device is a memfd behind a fixed buffer of
// io_uring (lib/hold.h).
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { pages = 8, at_first = 10, after_fork = 20, by_device = 30, in_child = 40, limit_ms = 20000 };

struct fork_case {
  enum buffer_kind kind;
  bool parent_writes_first;  // else the child
  bool dont_fork;            // MADV_DONTFORK: the child does not have the memory at all
};

// Writes to its copy, and says by its exit code what it saw before.
static void child_side(const struct buffer* buffer, size_t length, const struct rendezvous* go) {
  unsigned char byte;
  long wrong = pattern_check(buffer->addr, length, at_first, 0);
  pattern_fill(buffer->addr, length, in_child, 0);
  if (!rendezvous_wait(go, &byte, limit_ms)) _exit(2);
  if (pattern_check(buffer->addr, length, in_child, 0) >= 0) _exit(3);
  _exit(wrong >= 0 ? 1 : 0);
}

static void judge_child(int code) {
  if (code == 1) ktap_fail("the child does not see what was there at fork()");
  if (code == 2) ktap_fail("the child's wait timed out");
  if (code == 3) ktap_fail("the child's copy was changed by the parent or its device");
}

static void through_pin(const struct fork_case* c, struct hold* hold, const struct buffer* buffer,
                        size_t length) {
  struct rendezvous go, written;
  static unsigned char bytes[4096];
  unsigned char byte;
  struct pins before;
  if (!rendezvous_open(&go) || !rendezvous_open(&written) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child == 0) {
    // The parent writes first: then the child looks only when told that it has.
    if (c->parent_writes_first && !rendezvous_wait(&written, &byte, limit_ms)) _exit(2);
    child_side(buffer, length, &go);
  }
  if (child > 0) {
    pattern_fill(buffer->addr, length, after_fork, 0);
    hold_check(hold, 0, length, after_fork, "after the parent wrote");
    rendezvous_send(&written, 1);
    pattern_fill(bytes, sizeof(bytes), by_device, 0);
    hold_write(hold, page_bytes(), bytes, sizeof(bytes));
    if (pattern_check(buffer->addr + page_bytes(), sizeof(bytes), by_device, 0) >= 0)
      ktap_fail("what the device wrote is not in the parent's memory");
    rendezvous_send(&go, 1);
    judge_child(proc_reap(child, limit_ms));
    pins_expect(&before, 0, 0);
  }
  rendezvous_close(&go);
  rendezvous_close(&written);
}

static void not_inherited(struct hold* hold, const struct buffer* buffer, size_t length) {
  struct pins before;
  if (madvise(buffer->addr, buffer->size, MADV_DONTFORK) < 0 || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child == 0) {
    unsigned char there;
    _exit(mincore(buffer->addr, page_bytes(), &there) == 0 ? 1 : 0);
  }
  if (child > 0 && proc_reap(child, limit_ms) != 0)
    ktap_fail("the child has memory that must not be inherited");
  pattern_fill(buffer->addr, length, after_fork, 0);
  hold_check(hold, 0, length, after_fork, "after fork()");
  pins_expect(&before, 0, 0);
}

static void pin_survives_fork(const void* arg) {
  const struct fork_case* c = arg;
  struct buffer buffer;
  struct hold hold;
  long huge_before = hugetlb_free();
  size_t length = pages * page_bytes();
  if (!buffer_get(&buffer, c->kind, length)) return;
  pattern_fill(buffer.addr, length, at_first, 0);
  if (hold_open(&hold, buffer.addr, length)) {
    if (c->dont_fork)
      not_inherited(&hold, &buffer, length);
    else
      through_pin(c, &hold, &buffer, length);
  }
  hold_close(&hold);
  buffer_put(&buffer);
  if (c->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct fork_case base = {BUFFER_PAGES, false, false}, thp = {BUFFER_THP, false, false};
  static const struct fork_case hugetlb = {BUFFER_HUGETLB, false, false}, apart = {BUFFER_PAGES, false, true};
  static const struct fork_case base_first = {BUFFER_PAGES, true, false},
                                thp_first = {BUFFER_THP, true, false};
  static const struct ktap_case cases[] = {
      {"pages", pin_survives_fork, &base},
      {"thp", pin_survives_fork, &thp},
      {"hugetlb", pin_survives_fork, &hugetlb},
      {"pages_parent_writes_first", pin_survives_fork, &base_first},
      {"thp_parent_writes_first", pin_survives_fork, &thp_first},
      {"madv_dontfork", pin_survives_fork, &apart},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
