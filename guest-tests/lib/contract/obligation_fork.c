// SPDX-License-Identifier: GPL-2.0
// fork() before, during and after: the held pages stay the parent's, and the child sees nothing of what the
// user writes.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/obligations.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "proc.h"

enum { pages = 16, stale = 120, fresh = 121, limit_ms = 20000 };

struct family {
  pid_t child;
  struct rendezvous go, ready;
};

// The child touches nothing until told, then says whether its memory is as it was.
static bool fork_child(const struct user* user, struct family* family, const struct memory* memory,
                       size_t length) {
  unsigned char byte;
  if (!rendezvous_open(&family->go)) return false;
  family->child = proc_fork();
  if (family->child == 0) {
    if (user->forked) user->forked();
    if (!rendezvous_wait(&family->go, &byte, 2 * limit_ms)) _exit(2);
    _exit(pattern_check(memory->addr, length, stale, 0) < 0 ? 0 : 1);
  }
  return family->child > 0;
}

static void judge_child(struct family* family, bool shared) {
  if (family->child <= 0) return;
  rendezvous_send(&family->go, 1);
  const int code = proc_reap(family->child, limit_ms);
  if (code == 2) ktap_fail("the child was never told to look");
  if (code == 1 && !shared) ktap_fail("the child does not have what the memory had at fork()");
  rendezvous_close(&family->go);
}

static void judge_parent(const struct user* user, const struct memory* memory, size_t length) {
  const long bad = user->store ? pattern_check(memory->addr, length, fresh, 0) : -1;
  if (bad >= 0) ktap_fail("the parent lost what the user wrote, from byte %ld", bad);
}

static bool prepare(const struct user* user, enum memory_kind kind, struct memory* memory, size_t length) {
  if (!memory_get(memory, kind, pages * page_bytes())) return false;
  pattern_fill(memory->addr, memory->size, stale, 0);
  return !user->store || contract_store(user, length, fresh);
}

static void before_one(const struct user* user, enum memory_kind kind, bool read_only) {
  struct memory memory;
  struct family family = {.child = -1};
  const size_t length = user_length(user, pages * page_bytes());
  bool ready = prepare(user, kind, &memory, length);
  if (ready && read_only && mprotect(memory.addr, memory.size, PROT_READ) < 0)
    ready = ktap_fail("mprotect: %s", strerror(errno));
  if (ready && fork_child(user, &family, &memory, length) &&
      contract_transfer(user, WAY_IN, memory.addr, length))
    judge_parent(user, &memory, length);
  judge_child(&family, memory_is_shared(kind));
  memory_put(&memory);
}

// Who may write to read-only memory (FOLL_FORCE) copies it first, too. It may not write to huge pages of
// hugetlb.
static void before(const struct user* user, enum memory_kind kind) {
  before_one(user, kind, false);
  if (user->forced && !memory_is_shared(kind) && kind != MEMORY_HUGETLB && !ktap_failed())
    before_one(user, kind, true);
}

static void held(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins counters;
  struct family family = {.child = -1};
  uint64_t frames[pages];
  const size_t length = user_length(user, pages * page_bytes());
  const size_t whole = (length / page_bytes() < pages ? length / page_bytes() : pages) * page_bytes();
  if (prepare(user, kind, &memory, length) && contract_take(user, WAY_IN, memory.addr, length, &counters)) {
    bool forked = pagemap_pfns(memory.addr, whole, frames) && fork_child(user, &family, &memory, length);
    // Where the parent writes, it must not be moved to a copy: what comes later comes to the held page.
    for (size_t at = 0; forked && at < whole; at += page_bytes())
      *(volatile unsigned char*)(memory.addr + at) ^= 1;
    const size_t moved = forked ? pagemap_moved(memory.addr, whole, frames) : 0;
    if (moved) ktap_fail("%zu held pages are no longer the parent's", moved);
    if (contract_let_go(user, WAY_IN, memory.addr, length, &counters) && forked)
      judge_parent(user, &memory, length);
  }
  judge_child(&family, memory_is_shared(kind));
  memory_put(&memory);
}

// A child writes to its pages while the user reads those of the parent.
static void read_while_child_writes(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins counters;
  const size_t length = user_length(user, pages * page_bytes());
  if (prepare(user, kind, &memory, length) && contract_take(user, WAY_OUT, memory.addr, length, &counters)) {
    const pid_t child = proc_fork();
    if (child == 0) {
      memset(memory.addr, 0xee, length);
      _exit(0);
    }
    if (child > 0) proc_reap(child, limit_ms);
    if (contract_let_go(user, WAY_OUT, memory.addr, length, &counters) && user->load)
      contract_compare(user, length, stale);
  }
  memory_put(&memory);
}

const struct obligation fork_obligations[] = {
    {"fork.before", before}, {"fork.held", held}, {"fork.secret", read_while_child_writes}, {0}};
