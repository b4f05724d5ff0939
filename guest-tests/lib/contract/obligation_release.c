// SPDX-License-Identifier: GPL-2.0
// Everything taken is released once on every way out: half of the memory is missing, an argument is refused,
// an allocation fails, the process exits, is killed or executes another program.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/obligations.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { pages = 16, faults = 400, limit_ms = 20000, release_ms = 5000, seed = 70, is_taken = 255 };

// Refused, or the half that is there; never more.
static void judge_half(const struct user* user, long done, size_t half) {
  const bool refused = done == -EFAULT || (user->refusal && done == -user->refusal);
  const bool part = user->carry && done > 0 && done <= (long)half;
  if (!refused && !part) ktap_fail("with half of the memory unmapped it gave %ld", done);
}

static void half(const struct user* user, enum memory_kind kind, enum way way) {
  struct memory memory;
  struct pins before;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes())) {
    const size_t there = length / 2 / page_bytes() * page_bytes();
    if (there == 0) {
      ktap_skip("a transfer is too short to be cut in two");
    } else if ((!user->store || contract_store(user, length, seed)) && pins_begin(&before)) {
      if (contract_take_away(user, memory.addr + there, memory.size - there))
        judge_half(user, contract_attempt(user, way, memory.addr, length), there);
      contract_settled(&before, contract_skew(user));
    }
  }
  memory_put(&memory);
}

static void half_in(const struct user* user, enum memory_kind kind) { half(user, kind, WAY_IN); }
static void half_out(const struct user* user, enum memory_kind kind) { half(user, kind, WAY_OUT); }

// One of several pieces cannot be taken: what was taken for those before it is released.
static void bad_piece(const struct user* user, enum memory_kind kind, enum way way) {
  enum { pieces = 4 };
  const size_t length = user_length(user, page_bytes());
  for (int bad = 0; bad < pieces && !ktap_failed(); ++bad) {
    struct memory memory;
    struct pins before;
    struct iovec vec[pieces];
    if (memory_get(&memory, kind, 2 * pieces * page_bytes())) {
      for (int i = 0; i < pieces; ++i) vec[i] = (struct iovec){memory.addr + 2 * i * page_bytes(), length};
      if (contract_store(user, pieces * length, seed) && pins_begin(&before)) {
        if (contract_take_away(user, vec[bad].iov_base, page_bytes())) {
          const long done = user->carry_pieces(way, vec, pieces);
          if (done > (long)(bad * length)) ktap_fail("with piece %d missing it gave %ld", bad, done);
          if (done < 0 && done != -EFAULT && done != -user->refusal)
            ktap_fail("with piece %d missing it gave %s", bad, strerror((int)-done));
        }
        contract_settled(&before, contract_skew(user));
      }
    }
    memory_put(&memory);
  }
}

static void bad_piece_in(const struct user* user, enum memory_kind kind) { bad_piece(user, kind, WAY_IN); }
static void bad_piece_out(const struct user* user, enum memory_kind kind) { bad_piece(user, kind, WAY_OUT); }

// The file ends in the middle of the mapping: its pages behind that are no memory.
static void behind_the_end(const struct user* user, enum memory_kind kind) {
  const size_t length = user_length(user, pages * page_bytes()),
               there = length / 2 / page_bytes() * page_bytes();
  if (there == 0) {
    ktap_skip("a transfer is too short to be cut in two");
    return;
  }
  for (int way = WAY_IN; way <= WAY_OUT && !ktap_failed(); ++way) {
    struct memory memory;
    struct pins before;
    if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
    if (memory_get(&memory, kind, pages * page_bytes()) &&
        (!user->store || contract_store(user, length, seed)) && pins_begin(&before)) {
      if (ftruncate(memory_fd(&memory), (off_t)there) < 0)
        ktap_fail("ftruncate: %s", strerror(errno));
      else
        judge_half(user, contract_attempt(user, (enum way)way, memory.addr, length), there);
      contract_settled(&before, contract_skew(user));
    }
    memory_put(&memory);
  }
}

// Addresses of no user's memory.
static void bad_address(const struct user* user, enum memory_kind kind) {
  static const uintptr_t bad[] = {0x1000, (uintptr_t)1 << 63, (uintptr_t)-1 << 20};
  const enum way way = user->ways & USER_OUT ? WAY_OUT : WAY_IN;
  (void)kind;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]) && !ktap_failed(); ++i) {
    const size_t length = user_length(user, page_bytes());
    // Beyond the end of user space a length may be refused before memory is looked at.
    contract_refused(user, way, (void*)bad[i], length, EFAULT, i == 0 ? 0 : EINVAL);
  }
}

struct walk {
  const struct user* user;
  enum way way;
  unsigned char* addr;
  size_t length;
  int refused, done;
};

static bool walk_one(void* context, int nth) {
  struct walk* walk = context;
  if (!fault_nth_arm(nth)) return false;
  const long done = contract_attempt(walk->user, walk->way, walk->addr, walk->length);
  const bool injected = fault_nth_disarm();
  walk->refused += done < 0;
  walk->done += done == (long)walk->length;
  if (!injected && done != (long)walk->length) ktap_fail("without a fault it gave %ld", done);
  return injected && (!walk->user->renew || walk->user->renew());
}

// Whether an allocation can fail here at all is the kernel's business: what counts is that nothing stays.
static void each_allocation(const struct user* user, enum memory_kind kind) {
  if (!fault_nth_ready()) return;
  for (int way = WAY_IN; way <= WAY_OUT; ++way) {
    struct memory memory;
    struct pins before;
    if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
    if (memory_get(&memory, kind, pages * page_bytes())) {
      struct walk walk = {user, (enum way)way, memory.addr, user_length(user, pages * page_bytes()), 0, 0};
      // What a first transfer allocates once and keeps is no leak; what it pins may be released late.
      if (pins_begin(&before)) contract_attempt(user, walk.way, walk.addr, walk.length);
      if (!ktap_failed() && contract_settled(&before, contract_skew(user)) && pins_begin(&before)) {
        const int injected = fault_walk(walk_one, &walk, faults);
        ktap_note("%s: %d faults, %d refusals, %d whole", way == WAY_IN ? "in" : "out", injected,
                  walk.refused, walk.done);
        contract_settled(&before, contract_skew(user));
      }
    }
    memory_put(&memory);
    if (ktap_failed()) return;
  }
}

enum ending { ENDING_EXIT, ENDING_KILL, ENDING_EXEC };

static void child_side(const struct user* user, struct memory* memory, size_t length, enum ending ending,
                       const struct rendezvous* taken, bool claims) {
  const enum way way = user->ways & USER_IN ? WAY_IN : WAY_OUT;
  // What the probe of open() pins is claimed once: with legacy direct I/O by the parent, with all the rest.
  const int nowhere = claims ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) dup2(nowhere, STDOUT_FILENO);
  if (!claims) unsetenv("PINRIG_CLAIM_FD");
  if (!user->open()) _exit(3);
  if (user->mode && user->mode() == MODE_UNKNOWN) _exit(3);
  const int error = user->take(way, memory->addr, length);
  rendezvous_send(taken, error ? (unsigned char)-error : is_taken);
  if (ending == ENDING_KILL) {
    for (;;) pause();
  }
  if (ending == ENDING_EXEC) {
    // What is executed says that this is no test of its.
    const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (quiet >= 0) dup2(quiet, STDERR_FILENO);
    char* const argv[] = {(char*)"/exit/code2", NULL};
    execv("/proc/self/exe", argv);
  }
  _exit(2);
}

// What holds the memory is the child's alone: it opens the user itself.
static void ended(const struct user* user, enum memory_kind kind, enum ending ending) {
  struct memory memory;
  struct rendezvous taken;
  struct pins before, now;
  unsigned char answer = 0;
  const size_t length = user_length(user, pages * page_bytes());
  const long long skew = contract_skew(user);
  user->close();
  if (memory_get(&memory, kind, pages * page_bytes()) && rendezvous_open(&taken)) {
    const pid_t child = pins_begin(&before) ? proc_fork() : -1;
    if (child == 0) child_side(user, &memory, length, ending, &taken, skew == 0);
    if (child > 0 && !rendezvous_wait(&taken, &answer, limit_ms))
      ktap_skip("the user could not be opened twice");
    if (child > 0 && answer && answer != is_taken) ktap_fail("taking the memory: %s", strerror(answer));
    if (child > 0 && ending == ENDING_KILL) kill(child, SIGKILL);
    if (child > 0 && answer && user->ending) user->ending();
    if (child > 0) proc_end(child, limit_ms);
    if (child > 0) {
      // Also what was pinned in between and migrated.
      if (answer == is_taken && pins_sample(&now))
        pins_await_released(&before, now.acquired - before.acquired, release_ms);
      contract_settled(&before, skew);
    }
    rendezvous_close(&taken);
  }
  memory_put(&memory);
}

static void on_exit_(const struct user* user, enum memory_kind kind) { ended(user, kind, ENDING_EXIT); }
static void on_kill(const struct user* user, enum memory_kind kind) { ended(user, kind, ENDING_KILL); }
static void on_exec(const struct user* user, enum memory_kind kind) { ended(user, kind, ENDING_EXEC); }

const struct obligation release_obligations[] = {{"release.half_in", half_in},
                                                 {"release.half_out", half_out},
                                                 {"release.piece_in", bad_piece_in},
                                                 {"release.piece_out", bad_piece_out},
                                                 {"release.end_of_file", behind_the_end},
                                                 {"release.bad_address", bad_address},
                                                 {"release.no_memory", each_allocation},
                                                 {"release.exit", on_exit_},
                                                 {"release.kill", on_kill},
                                                 {"release.exec", on_exec},
                                                 {0}};
