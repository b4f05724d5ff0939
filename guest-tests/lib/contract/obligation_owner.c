// SPDX-License-Identifier: GPL-2.0
// Held memory is charged to its owner alone, whoever else holds memory or releases it, and to nobody once its
// owner has ended.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account.h"
#include "cgroup.h"
#include "clock.h"
#include "contract/charges.h"
#include "contract/obligations.h"
#include "fault.h"
#include "ktap.h"
#include "patience.h"
#include "pins.h"
#include "proc.h"

enum {
  pages = 16,
  group_pages = 64,
  slab_pages = 24,
  limit_ms = 20000,
  retry_ms = 2000,
  faults = 100,
  took = 100
};

static enum way way_of(const struct user* user) { return user->ways & USER_IN ? WAY_IN : WAY_OUT; }

static long long account_of(const struct user* user) {
  struct account now;
  if (!account_read(&now)) return -1;
  return user->charge == CHARGE_VMLCK ? now.lock_kib : now.pin_kib;
}

enum child { DONE, NOT_OPENED, NOT_RELEASED, NOT_TAKEN, CHARGED, NOT_CHARGED, STAYS_CHARGED };

// What a child says goes nowhere: the device may be busy, for example, which its exit code tells.
static pid_t quiet_child(void) {
  const pid_t child = proc_fork();
  const int nowhere = child == 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
  if (nowhere >= 0) dup2(nowhere, STDOUT_FILENO);
  return child;
}

// Another process holds memory of its own by a user of its own.
static enum child hold_own(const struct user* user, unsigned char* addr, size_t length) {
  if (!user->open()) return NOT_OPENED;
  const long long before = account_of(user), kib = charge_kib(user, addr, length);
  if (user->take(way_of(user), addr, length)) return NOT_TAKEN;
  if (account_of(user) - before != kib) return NOT_CHARGED;
  if (user->let_go() < 0) return NOT_RELEASED;
  return account_of(user) == before ? DONE : STAYS_CHARGED;
}

// Another process releases what this one has taken.
static enum child release_inherited(const struct user* user) {
  const long long before = account_of(user);
  if (user->let_go() < 0) return NOT_RELEASED;
  return account_of(user) == before ? DONE : CHARGED;
}

static void judge_other(enum child code, const char* what) {
  if (code == NOT_TAKEN) ktap_fail("%s: it could not take memory", what);
  if (code == NOT_CHARGED) ktap_fail("%s: what it holds is not charged to it", what);
  if (code == STAYS_CHARGED) ktap_fail("%s: what it held stays charged", what);
  if (code == CHARGED) ktap_fail("%s: its own account has changed", what);
}

static void other_process(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins all, before;
  const size_t length = user_length(user, pages * page_bytes());
  const long long start = account_of(user);
  if (memory_get(&memory, kind, pages * page_bytes()) && pins_begin(&all) &&
      contract_take(user, way_of(user), memory.addr, length, &before)) {
    const long long held = account_of(user);
    pid_t child = quiet_child();
    if (child == 0) _exit((int)hold_own(user, memory.addr, length));
    judge_other((enum child)proc_reap(child, limit_ms), "another process");
    if (account_of(user) != held)
      ktap_fail("another process changed the account: %+lld kB", account_of(user) - held);
    child = quiet_child();
    if (child == 0) _exit((int)release_inherited(user));
    const enum child code = (enum child)proc_reap(child, limit_ms);
    judge_other(code, "the process that released it");
    // Where it may not, this one does.
    if (code == NOT_RELEASED && user->let_go() < 0) ktap_fail("it was not released");
    if (account_of(user) != start)
      ktap_fail("%+lld kB stay charged to the process that took the memory", account_of(user) - start);
    contract_settled(&all, 0);
  }
  user->close();
  memory_put(&memory);
}

enum step { FINE, NO_USER, NOT_OPEN, REFUSED, BEYOND, OTHERS_COUNT, KEPT };
static const char* const step_texts[] = {
    "",
    "a user of its own could not be made",
    "the user could not be opened without CAP_IPC_LOCK",
    "within the limit it was refused",
    "beyond the limit it was allowed",
    "what another user holds counts, too",
    "what was released stays charged: memory within the limit is refused",
};

struct share {
  const struct user* user;
  unsigned char* addr;
  size_t half, length;
};

// With a limit of just half of the memory.
static enum step open_limited(const struct share* share) {
  if (!account_limit(RLIM_INFINITY) || !share->user->open()) return NOT_OPEN;
  const long long bytes =
      charge_kib(share->user, share->addr, share->half) * 1024 + charge_of_open(share->user);
  return account_limit((rlim_t)bytes) ? FINE : NO_USER;
}

static int take_half(const struct share* share) {
  return share->user->take(way_of(share->user), share->addr, share->half);
}

// What ends by a work queue of the kernel takes a while.
static bool taken_in_the_end(const struct share* share) {
  const long long end = clock_ms() + patience_scaled(retry_ms);
  while (take_half(share)) {
    if (clock_ms() > end) return false;
    sleep_ms(2);
  }
  return true;
}

// Another user, with an account that nothing has been charged to, while the first one holds all it may.
static enum step second_user(const struct share* share, bool releases) {
  if (!account_become_limited()) return NO_USER;
  if (releases) share->user->let_go();
  const enum step step = open_limited(share);
  // Not all can be opened twice.
  if (step == NOT_OPEN) return FINE;
  if (step != FINE) return step;
  if (!taken_in_the_end(share)) return OTHERS_COUNT;
  share->user->let_go();
  if (charge_kib(share->user, share->addr, share->length) <=
      charge_kib(share->user, share->addr, share->half))
    return FINE;
  const int error = share->user->take(way_of(share->user), share->addr, share->length);
  return error ? FINE : BEYOND;
}

static enum step first_user(const struct share* share) {
  if (!account_become_limited()) return NO_USER;
  enum step step = open_limited(share);
  for (int releases = 0; releases < 2 && step == FINE; ++releases) {
    if (!taken_in_the_end(share)) return releases ? KEPT : REFUSED;
    const pid_t child = quiet_child();
    if (child == 0) _exit((int)second_user(share, releases));
    const int code = proc_reap(child, limit_ms);
    step = code < 0 ? NO_USER : (enum step)code;
    share->user->let_go();
    if (releases) share->user->close();
  }
  if (step == FINE) step = open_limited(share);
  if (step == FINE && !taken_in_the_end(share)) return KEPT;
  if (step == FINE) share->user->let_go();
  return step;
}

// One that is killed while it holds all that its user may have, and then another one of the same user.
static enum step after_the_end(const struct share* share) {
  struct rendezvous taken;
  unsigned char answer = 0;
  if (!account_become_limited() || !rendezvous_open(&taken)) return NO_USER;
  const pid_t child = quiet_child();
  if (child == 0) {
    const enum step step = open_limited(share);
    rendezvous_send(&taken, (unsigned char)(step != FINE ? step : take_half(share) ? REFUSED : took));
    for (;;) pause();
  }
  const bool answered = rendezvous_wait(&taken, &answer, limit_ms);
  kill(child, SIGKILL);
  if (share->user->ending) share->user->ending();
  proc_end(child, limit_ms);
  rendezvous_close(&taken);
  if (!answered) return NOT_OPEN;
  if (answer != took) return (enum step)answer;
  // What the process that was killed left behind.
  share->user->close();
  const enum step step = open_limited(share);
  if (step == FINE && !taken_in_the_end(share)) return KEPT;
  if (step == FINE) share->user->let_go();
  return step;
}

static bool fail_one(void* context, int nth) {
  const struct share* share = context;
  if (!fault_nth_arm(nth)) return false;
  const int error = take_half(share);
  const bool injected = fault_nth_disarm();
  if (!error) share->user->let_go();
  return injected;
}

static enum step without_memory(const struct share* share) {
  struct share context = *share;
  if (!account_become_limited()) return NO_USER;
  const enum step step = open_limited(share);
  if (step != FINE) return step;
  if (take_half(share)) return REFUSED;
  share->user->let_go();
  fault_walk(fail_one, &context, faults);
  if (!taken_in_the_end(share)) return KEPT;
  share->user->let_go();
  return FINE;
}

// In a process of its own, whose memory is shared with nobody that lives.
static void as_other_user(const struct user* user, enum memory_kind kind,
                          enum step (*live)(const struct share*)) {
  struct memory memory;
  struct pins before;
  const size_t length = user_length(user, pages * page_bytes());
  user->close();
  if (memory_get(&memory, kind, pages * page_bytes()) && pins_begin(&before)) {
    const struct share share = {user, memory.addr, length / 2 / page_bytes() * page_bytes(), length};
    const pid_t child = quiet_child();
    if (child == 0) _exit((int)live(&share));
    const int code = child > 0 ? proc_reap(child, limit_ms) : 0;
    if (code > 0 && code <= KEPT) ktap_fail("%s", step_texts[code]);
    pins_expect_at_least(&before, 0, 0);
  }
  memory_put(&memory);
}

// In a process of a group: its memory stays charged to the group while it is held, unmapped or not, and no
// longer.
static enum step hold_in_group(const struct user* user, enum memory_kind kind, size_t length,
                               const struct cgroup* group, const struct rendezvous* steps) {
  struct memory memory;
  unsigned char go;
  if (!cgroup_enter(group) || !user->open()) return NOT_OPEN;
  if (!memory_get(&memory, kind, length)) return NO_USER;
  if (user->take(way_of(user), memory.addr, length)) return REFUSED;
  madvise(memory.addr, memory.size, MADV_DONTNEED);
  if (!rendezvous_send(&steps[0], took) || !rendezvous_wait(&steps[1], &go, limit_ms)) return NO_USER;
  user->let_go();
  rendezvous_send(&steps[0], took);
  // The group cannot be looked at without one who is in it.
  return rendezvous_wait(&steps[1], &go, limit_ms) ? FINE : NO_USER;
}

static void in_group(const struct user* user, enum memory_kind kind) {
  struct cgroup group;
  struct pins before;
  struct rendezvous steps[2] = {{-1, -1}, {-1, -1}};
  const size_t length = user_length(user, group_pages * page_bytes());
  const long long skew = contract_skew(user),
                  least = (long long)length - slab_pages * (long long)page_bytes();
  user->close();
  if (least <= 0) {
    ktap_skip("a transfer is too short to be seen in the charge of a group");
    return;
  }
  if (cgroup_open(&group, "contract", "memory") && rendezvous_open(&steps[0]) && rendezvous_open(&steps[1]) &&
      pins_begin(&before)) {
    unsigned char answer = 0;
    const pid_t child = quiet_child();
    if (child == 0) _exit((int)hold_in_group(user, kind, length, &group, steps));
    if (rendezvous_wait(&steps[0], &answer, limit_ms)) {
      const long long held = cgroup_memory(&group);
      rendezvous_send(&steps[1], 1);
      const bool released = rendezvous_wait(&steps[0], &answer, limit_ms);
      const long long fallen = held - (released ? cgroup_memory(&group) : held);
      ktap_note("%lld bytes of the group were held, %lld asked for", fallen, (long long)length);
      if (fallen < least) ktap_fail("of %zu held bytes %lld were charged to the group", length, fallen);
      rendezvous_send(&steps[1], 1);
    }
    const int code = proc_reap(child, limit_ms);
    if (code > 0) ktap_fail("the process in the group ended with %d", code);
    contract_settled(&before, skew);
  }
  rendezvous_close(&steps[0]);
  rendezvous_close(&steps[1]);
  cgroup_close(&group);
}

static void other_user(const struct user* user, enum memory_kind kind) {
  as_other_user(user, kind, first_user);
}
static void ended(const struct user* user, enum memory_kind kind) {
  as_other_user(user, kind, after_the_end);
}
static void no_memory(const struct user* user, enum memory_kind kind) {
  if (fault_nth_ready()) as_other_user(user, kind, without_memory);
}

const struct obligation owner_obligations[] = {
    {"charge.other", other_process}, {"charge.user", other_user}, {"charge.ended", ended},
    {"charge.no_memory", no_memory}, {"charge.group", in_group},  {0}};
