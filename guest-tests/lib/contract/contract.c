// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "account.h"
#include "buffers.h"
#include "clock.h"
#include "contract/migration.h"
#include "contract/obligations.h"
#include "ktap.h"
#include "patience.h"
#include "pins.h"
#include "probe.h"
#include "proc.h"

enum { usual_most = 1 << 20, charge_ms = 2000 };

static const struct obligation* const tables[] = {
    pages_obligations,  data_obligations,     release_obligations, access_obligations,
    dirty_obligations,  longterm_obligations, stay_obligations,    fork_obligations,
    charge_obligations, owner_obligations,    fault_obligations,
};

struct cell {
  const struct user* user;
  const char* name;
  obligation_check check;
  enum memory_kind kind;
};

static obligation_check check_of(const char* name, size_t length) {
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); ++i) {
    for (const struct obligation* o = tables[i]; o->name; ++o) {
      if (strlen(o->name) == length && memcmp(o->name, name, length) == 0) return o->check;
    }
  }
  return NULL;
}

// Whatever the case did: what the user held is charged to this process no longer. What a work queue of the
// kernel ends takes a while.
static void nothing_is_charged(const struct account* before) {
  struct account now;
  // After a failure it is no news, and what is leaked for good stays charged.
  const long long end = clock_ms() + patience_scaled(ktap_failed() ? charge_ms / 8 : charge_ms);
  while (account_read(&now) && (now.pin_kib != before->pin_kib || now.lock_kib != before->lock_kib)) {
    if (clock_ms() > end) {
      ktap_fail("VmPin %+lld kB, VmLck %+lld kB after all was closed", now.pin_kib - before->pin_kib,
                now.lock_kib - before->lock_kib);
      return;
    }
    sleep_ms(1);
  }
}

// Before 5.13 a long-term pin leaves pages in ZONE_MOVABLE.
static bool stays_movable(void) {
  struct utsname kernel;
  int major = 0, minor = 0;
  if (uname(&kernel) < 0 || sscanf(kernel.release, "%d.%d", &major, &minor) != 2) return false;
  return major < 5 || (major == 5 && minor < 13);
}

// Until 6.1 a long-term pin of a hugetlb page in ZONE_MOVABLE fails, and warns (mm/hugetlb.c,
// follow_hugetlb_page()), once in a test.
static void expect_hugetlb_warning(const struct cell* cell) {
  static bool expected;
  const bool huge =
      cell->kind == MEMORY_HUGETLB || cell->kind == MEMORY_HUGETLB_PAIR || cell->kind == MEMORY_MEMFD_HUGETLB;
  if (expected || !huge || !cell->user->longterm || !ktap_failed() || probe_lt_waits()) return;
  if (stays_movable()) return;
  expected = true;
  ktap_expect_kernel("follow_hugetlb_page");
}

static void run_cell(const void* arg) {
  const struct cell* cell = arg;
  if (!cell->check || cell->kind == MEMORY_KINDS) {
    ktap_fail("the library knows no such %s", cell->check ? "memory" : "obligation");
    return;
  }
  struct account before;
  if (!account_read(&before)) return;
  const bool open = cell->user->open();
  const enum pin_mode mode = open && cell->user->mode ? cell->user->mode() : MODE_PIN;
  if (open && mode != MODE_UNKNOWN) cell->check(cell->user, cell->kind);
  cell->user->close();
  nothing_is_charged(&before);
  expect_hugetlb_warning(cell);
}

int contract_main(const struct user* user, int argc, char** argv) {
  const size_t count = (size_t)(argc - 1);
  struct cell* cells = calloc(count + 1, sizeof(*cells));
  struct ktap_case* cases = calloc(count + 1, sizeof(*cases));
  if (!cells || !cases) return 2;
  for (size_t i = 0; i < count; ++i) {
    const char* name = argv[i + 1];
    const char* dot = strrchr(name, '.');
    cells[i] = (struct cell){.user = user, .name = name, .kind = MEMORY_KINDS};
    if (dot) cells[i].check = check_of(name, (size_t)(dot - name));
    if (dot) cells[i].kind = memory_of(dot + 1);
    cases[i] = (struct ktap_case){name, run_cell, &cells[i]};
  }
  const int code = ktap_run(cases, count);
  free(cases);
  free(cells);
  return code;
}

void user_count(const struct user* user, enum way way, const void* addr, size_t length,
                struct user_counts* counts) {
  *counts = (struct user_counts){0};
  if (user->counts) {
    user->counts(way, addr, length, counts);
  } else if (!user->mode || user->mode() == MODE_PIN) {
    counts->acquired = counts->kept = (long long)pages_spanned(addr, length);
  }
}

enum pin_mode user_takes_references(void) { return MODE_GET; }

size_t user_most(const struct user* user) { return user->most ? user->most : usual_most; }

size_t user_align(const struct user* user) {
  if (user->align == USER_WHOLE_PAGES) return page_bytes();
  return user->align ? user->align : 1;
}

size_t user_length(const struct user* user, size_t wanted) {
  const size_t unit = user_align(user);
  if (wanted > user_most(user)) wanted = user_most(user);
  if (wanted < user->least) wanted = user->least;
  wanted -= wanted % unit;
  return wanted ? wanted : unit;
}

static bool carried(const struct user* user, enum way way, void* addr, size_t length) {
  struct user_counts want;
  struct pins before;
  if (!pins_begin(&before)) return false;
  const long done = user->carry(way, addr, length);
  if (done != (long)length)
    ktap_fail("%zu bytes %s gave %ld%s%s", length, way == WAY_IN ? "in" : "out", done, done < 0 ? ": " : "",
              done < 0 ? strerror((int)-done) : "");
  user_count(user, way, addr, length, &want);
  if (want.sections) pins_claim_skew(want.sections);
  if (user->counts_at_least) return pins_expect_at_least(&before, want.acquired, -2 * want.sections);
  return pins_expect(&before, want.acquired, want.acquired + 2 * want.sections);
}

// Of what is held, as it was taken: the memory may be another one when it is let go.
static struct user_counts taken;

enum { take_attempts = 3 };

// A long-term pin moves pages out of ZONE_MOVABLE. For a huge page that may fail in any kernel, but not each
// time: migrate_pages() gives up after ten passes and counts it in pgmigrate_fail, or what is free elsewhere
// is in pieces. Base pages have no such excuse: a kernel that forgets to drain the lists of the CPUs fails at
// the first attempt only.
static bool may_move_now(int error, const struct migration* before, const struct memory* memory) {
  char why[400];
  const long long failed = migration_failed(before);
  if (error != -ENOMEM && failed <= 0) return false;
  migration_describe(before, memory->addr, memory->folio, why, sizeof(why));
  const bool room = error == -ENOMEM && memory_compact();
  ktap_note("refused (%s)%s: %s", strerror(-error), room ? ", compacted" : "", why);
  return room || failed > 0;
}

int contract_take_moving(const struct user* user, enum way way, void* addr, size_t length,
                         struct pins* before) {
  const struct memory* memory = memory_at(addr);
  const bool large = memory && memory->folio > page_bytes();
  struct migration look;
  for (int attempt = 1;; ++attempt) {
    if (user->longterm && large) migration_look(&look);
    const int error = user->take(way, addr, length);
    if (!error || !user->longterm || !large) return error;
    if (!may_move_now(error, &look, memory) || attempt == take_attempts) return error;
    if (!contract_settled(before, 0)) return error;
  }
}

bool contract_take(const struct user* user, enum way way, void* addr, size_t length, struct pins* before) {
  struct user_counts want;
  if (!pins_begin(before)) return false;
  const int error = contract_take_moving(user, way, addr, length, before);
  if (error) return ktap_fail("taking %zu bytes: %s", length, strerror(-error));
  user_count(user, way, addr, length, &want);
  taken = want;
  if (want.sections) pins_claim_skew(want.sections);
  const long long held = want.kept - 2 * want.sections;
  if (user->counts_at_least) return pins_expect_at_least(before, want.acquired, held);
  if (user->longterm) return pins_expect_held(before, want.acquired, held);
  return pins_expect(before, want.acquired, want.acquired - held);
}

bool contract_let_go(const struct user* user, enum way way, void* addr, size_t length, struct pins* before) {
  const long long kept = taken.kept;
  (void)way;
  (void)addr;
  const long done = user->let_go();
  if (done != 0 && done != (long)length)
    ktap_fail("the held transfer gave %ld%s%s", done, done < 0 ? ": " : "",
              done < 0 ? strerror((int)-done) : "");
  return pins_expect(before, 0, kept) && !ktap_failed();
}

bool contract_transfer(const struct user* user, enum way way, void* addr, size_t length) {
  struct pins before;
  if (user->carry) return carried(user, way, addr, length) && !ktap_failed();
  return contract_take(user, way, addr, length, &before) && contract_let_go(user, way, addr, length, &before);
}

long contract_attempt(const struct user* user, enum way way, void* addr, size_t length) {
  if (user->carry) return user->carry(way, addr, length);
  const int error = user->take(way, addr, length);
  if (error) return error;
  const long done = user->let_go();
  return done < 0 ? done : (long)length;
}

bool contract_refused(const struct user* user, enum way way, void* addr, size_t length, int error,
                      int other) {
  struct pins before;
  if (!pins_begin(&before)) return false;
  const long done = contract_attempt(user, way, addr, length);
  ktap_note("gave %ld", done);
  if (done != -error && (other == 0 || done != -other) && (user->refusal == 0 || done != -user->refusal))
    ktap_fail("want %s, got %s", strerror(error), done < 0 ? strerror((int)-done) : "no refusal");
  return contract_settled(&before, contract_skew(user)) && !ktap_failed();
}

long long contract_skew(const struct user* user) {
  struct user_counts counts;
  const size_t length = user_length(user, page_bytes());
  user_count(user, user->ways & USER_IN ? WAY_IN : WAY_OUT, NULL, length, &counts);
  return counts.sections ? 2 : 0;
}

bool contract_settled(struct pins* before, long long skew) {
  struct pins moved;
  if (skew == 0) return pins_expect_at_least(before, 0, 0);
  if (!pins_moved(before, skew, &moved)) return false;
  if (moved.released > moved.acquired) pins_claim_skew((moved.released - moved.acquired) / skew);
  // Of what was taken and refused before it was submitted, no more.
  return moved.released == moved.acquired || moved.released == moved.acquired * (1 + skew) ||
         ktap_fail("%lld pages pinned, %lld unpinned, want %lld for each", moved.acquired, moved.released,
                   1 + skew);
}

bool contract_store(const struct user* user, size_t length, unsigned seed) {
  unsigned char* bytes = malloc(length);
  if (!bytes) return ktap_fail("no memory for %zu bytes", length);
  pattern_fill(bytes, length, seed, 0);
  const bool good = user->store(bytes, length);
  free(bytes);
  return good;
}

bool contract_compare(const struct user* user, size_t length, unsigned seed) {
  unsigned char* bytes = malloc(length);
  if (!bytes) return ktap_fail("no memory for %zu bytes", length);
  pattern_fill(bytes, length, seed, 0);
  if (user->same) {
    const bool same = user->same(bytes, length);
    free(bytes);
    return same || ktap_fail("the other end has wrong data");
  }
  const bool good = user->load(bytes, length);
  const long bad = good ? pattern_check(bytes, length, seed, 0) : -1;
  free(bytes);
  return good && (bad < 0 || ktap_fail("the other end has wrong data at byte %ld of %zu", bad, length));
}

bool contract_take_away(const struct user* user, void* addr, size_t length) {
  if (!user->forced)
    return mprotect(addr, length, PROT_NONE) == 0 || ktap_fail("mprotect: %s", strerror(errno));
  const int empty = memfd_create("empty", MFD_CLOEXEC);
  const bool good = empty >= 0 && mmap(addr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, empty,
                                       0) != MAP_FAILED;
  if (!good) ktap_fail("mapping an empty memfd: %s", strerror(errno));
  if (empty >= 0) close(empty);
  return good;
}

void contract_drop_caches(void) {
  const int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "1", 1) != 1) ktap_note("drop_caches: %s", strerror(errno));
  if (fd >= 0) close(fd);
}
