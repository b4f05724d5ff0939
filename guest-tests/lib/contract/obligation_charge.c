// SPDX-License-Identifier: GPL-2.0
// Held memory is charged exactly, to its owner alone, and uncharged on every way out.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account.h"
#include "contract/charges.h"
#include "contract/obligations.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { pages = 16, limit_ms = 20000, repeats = 3 };

static size_t huge_of(enum memory_kind kind) {
  if (kind == MEMORY_THP || kind == MEMORY_PTE_THP || kind == MEMORY_MEMFD_THP) return thp_bytes();
  if (kind == MEMORY_THP_PAIR) return 2 * thp_bytes();
  if (kind == MEMORY_HUGETLB_PAIR) return 2 * hugetlb_bytes();
  if (kind == MEMORY_HUGETLB_64K) return 64 << 10;
  if (kind == MEMORY_HUGETLB_32M || kind == MEMORY_HUGETLB_1G) return 32 << 20;
  return kind == MEMORY_HUGETLB || kind == MEMORY_MEMFD_HUGETLB ? hugetlb_bytes() : 0;
}

long long charge_kib(const struct user* user, const void* addr, size_t length) {
  const long long bytes =
      user->charged ? user->charged(addr, length) : (long long)(pages_spanned(addr, length) * page_bytes());
  return bytes / 1024;
}

static bool accounts_are(const struct account* start, long long pin_kib, long long lock_kib,
                         const char* when) {
  struct account now;
  if (!account_read(&now)) return false;
  if (now.pin_kib - start->pin_kib != pin_kib)
    ktap_fail("VmPin %s: %+lld kB, want %+lld", when, now.pin_kib - start->pin_kib, pin_kib);
  if (now.lock_kib - start->lock_kib != lock_kib)
    ktap_fail("VmLck %s: %+lld kB, want %+lld", when, now.lock_kib - start->lock_kib, lock_kib);
  return !ktap_failed();
}

static void exact(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct account start;
  struct pins before;
  const size_t huge = huge_of(kind), length = user_length(user, huge ? huge : pages * page_bytes());
  if (memory_get(&memory, kind, length) && account_read(&start)) {
    const enum way way = user->ways & USER_IN ? WAY_IN : WAY_OUT;
    for (int i = 0; i < repeats && !ktap_failed(); ++i) {
      if (!contract_take(user, way, memory.addr, length, &before)) break;
      // Before 5.19 taking a page of a huge page that was protected once replaces it by a base page.
      const long long kib = charge_kib(user, memory.addr, length);
      accounts_are(&start, user->charge == CHARGE_VMPIN ? kib : 0, user->charge == CHARGE_VMLCK ? kib : 0,
                   "while held");
      contract_let_go(user, way, memory.addr, length, &before);
      accounts_are(&start, 0, 0, "afterwards");
    }
  }
  memory_put(&memory);
}

// Half of it is missing: refused, and nothing stays charged.
static void refused(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct account start;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes()) && account_read(&start)) {
    const enum way way = user->ways & USER_IN ? WAY_IN : WAY_OUT;
    contract_take_away(user, memory.addr + length / 2 / page_bytes() * page_bytes(), page_bytes());
    for (int i = 0; i < repeats && !ktap_failed(); ++i) {
      contract_refused(user, way, memory.addr, length, EFAULT, user->refusal);
      accounts_are(&start, 0, 0, "after a refusal");
    }
  }
  memory_put(&memory);
}

enum step {
  FINE,
  NO_MEMORY,
  NO_ACCOUNT,
  NOT_OPEN,
  WITHIN_REFUSED,
  BEYOND_ALLOWED,
  BEYOND_OTHERWISE,
  BAD_ALLOWED,
  KEPT,
  BOUND
};
static const char* const step_texts[] = {
    "",
    "the child got no such memory",
    "the account of an own user could not be made",
    "the user could not be opened without CAP_IPC_LOCK",
    "within the limit it was refused",
    "beyond the limit it was allowed",
    "beyond the limit it was not refused as such",
    "memory that does not exist was taken",
    "after refusals what is within the limit is refused: they stay charged",
    "the limit binds a process that has CAP_IPC_LOCK",
};

bool charge_says_beyond(const struct user* user, int error) {
  if (user->beyond) return error == user->beyond;
  return error == ENOMEM || error == ENOBUFS || error == EPERM || error == EAGAIN;
}

// What opening the user is charged for, in bytes: this process has held nothing before.
long long charge_of_open(const struct user* user) {
  struct account now;
  if (user->charge == CHARGE_USER || !account_read(&now)) return (long long)user->charge_open;
  return (user->charge == CHARGE_VMLCK ? now.lock_kib : now.pin_kib) * 1024;
}

// A part of the memory with an account for itself, and a larger one.
struct shares {
  size_t half, length;
};

static struct shares shares_of(const struct user* user, enum memory_kind kind) {
  const size_t huge = huge_of(kind), wanted = huge ? 2 * huge : pages * page_bytes(),
               length = user_length(user, wanted);
  return (struct shares){length / 2 / page_bytes() * page_bytes(), length};
}

// A refusal for another reason, after it was charged.
static enum step refused_otherwise(const struct user* user, enum way way, const struct memory* memory,
                                   size_t half) {
  const bool whole = memory->kind == MEMORY_HUGETLB;
  const size_t unit = whole ? memory->folio : page_bytes();
  unsigned char* bad = memory->addr + (half - 1) / unit * unit;
  if (mprotect(bad, unit, PROT_NONE) < 0) return NO_ACCOUNT;
  for (int i = 0; i < repeats; ++i) {
    if (user->take(way, memory->addr, half) == 0) return BAD_ALLOWED;
  }
  return mprotect(bad, unit, PROT_READ | PROT_WRITE) == 0 ? FINE : NO_ACCOUNT;
}

// As a user of its own without CAP_IPC_LOCK whose limit is just what half of the memory is charged (and what
// opening takes).
static enum step live_within(const struct user* user, enum memory_kind kind, struct shares shares) {
  const enum way way = user->ways & USER_IN ? WAY_IN : WAY_OUT;
  struct memory memory;
  if (!memory_get(&memory, kind, shares.length)) return NO_MEMORY;
  if (!account_become_limited()) return NO_ACCOUNT;
  if (!account_limit(RLIM_INFINITY) || !user->open()) return NOT_OPEN;
  const long long half_kib = charge_kib(user, memory.addr, shares.half);
  const bool more = charge_kib(user, memory.addr, shares.length) > half_kib;
  if (!account_limit((rlim_t)(half_kib * 1024 + charge_of_open(user)))) return NO_ACCOUNT;
  for (int i = 0; i < repeats; ++i) {
    if (user->take(way, memory.addr, shares.half)) return i ? KEPT : WITHIN_REFUSED;
    user->let_go();
    if (!more) continue;
    const int error = user->take(way, memory.addr, shares.length);
    if (error == 0) return BEYOND_ALLOWED;
    if (!charge_says_beyond(user, -error)) return BEYOND_OTHERWISE;
  }
  const enum step step = refused_otherwise(user, way, &memory, shares.half);
  if (step != FINE) return step;
  // The same for the page that was protected for a while: what half of the memory is charged now.
  memory.addr[(shares.half - 1) / page_bytes() * page_bytes()] = 1;
  if (!account_limit((rlim_t)(charge_kib(user, memory.addr, shares.half) * 1024 + charge_of_open(user))))
    return NO_ACCOUNT;
  if (user->take(way, memory.addr, shares.half)) return KEPT;
  user->let_go();
  return FINE;
}

// With CAP_IPC_LOCK no limit counts, not even 0.
static enum step live_beyond(const struct user* user, enum memory_kind kind, struct shares shares) {
  const enum way way = user->ways & USER_IN ? WAY_IN : WAY_OUT;
  struct memory memory;
  if (!memory_get(&memory, kind, shares.length)) return NO_MEMORY;
  if (!account_limit(0)) return NO_ACCOUNT;
  if (!user->open() || user->take(way, memory.addr, shares.length)) return BOUND;
  user->let_go();
  return FINE;
}

static void by_child(const struct user* user, enum memory_kind kind,
                     enum step (*live)(const struct user*, enum memory_kind, struct shares)) {
  struct memory memory;
  struct pins before;
  const struct shares shares = shares_of(user, kind);
  user->close();
  // Only whether there is such memory: the child has its own, shared with nobody.
  const bool there = memory_get(&memory, kind, shares.length);
  memory_put(&memory);
  if (!there || !pins_begin(&before)) return;
  const pid_t child = proc_fork();
  if (child == 0) _exit((int)live(user, kind, shares));
  const int code = child > 0 ? proc_reap(child, limit_ms) : 0;
  if (code > 0 && code <= BOUND) ktap_fail("%s", step_texts[code]);
  pins_expect_at_least(&before, 0, 0);
}

static void limited(const struct user* user, enum memory_kind kind) { by_child(user, kind, live_within); }
static void unlimited(const struct user* user, enum memory_kind kind) { by_child(user, kind, live_beyond); }

const struct obligation charge_obligations[] = {{"charge.exact", exact},
                                                {"charge.refused", refused},
                                                {"charge.limit", limited},
                                                {"charge.capable", unlimited},
                                                {0}};
