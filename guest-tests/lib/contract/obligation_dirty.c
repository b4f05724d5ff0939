// SPDX-License-Identifier: GPL-2.0
// Every page that was written is dirty afterwards, so that what was written survives: swap for anonymous
// memory, the medium for files.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "contract/obligations.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

// More than one bio has: the ends of several requests meet what was written back.
enum { pages = 16, long_bytes = 1280 << 10, stale = 90, fresh = 91, around = 0x77, rounds = 50 };

static size_t swapped(const unsigned char* addr, size_t length) {
  size_t count = 0;
  for (size_t at = 0; at < length; at += page_bytes()) count += pagemap_swapped(addr + at);
  return count;
}

// Until all pages are in swap, or reclaim gives up. How many are.
static size_t swap_out(unsigned char* addr, size_t length) {
  size_t count = 0;
  for (int i = 0; i < rounds && count < length / page_bytes(); ++i) {
    if (madvise(addr, length, MADV_PAGEOUT) < 0) break;
    count = swapped(addr, length);
    // Pages that wait in the batch of another CPU cannot be isolated: dropping caches drains the batches
    // (lru_add_drain_all()).
    if (count < length / page_bytes() && i % 10 == 2) contract_drop_caches();
    if (count < length / page_bytes()) sleep_ms(5);
  }
  return count;
}

// A page that comes back from swap by a read is writable and clean: the kernel lets it go again without a
// write as long as nobody dirties it, which a write through a pin does not do by itself (mm/memory.c
// do_swap_page()).
static bool writable_and_clean(struct memory* memory, size_t length) {
  pattern_fill(memory->addr, memory->size, stale, 0);
  const size_t out = swap_out(memory->addr, length);
  if (out < length / page_bytes())
    return ktap_skip("%zu of %zu pages went to swap", out, length / page_bytes());
  for (size_t at = 0; at < length; at += page_bytes()) (void)*(volatile unsigned char*)(memory->addr + at);
  return true;
}

static void through_swap(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes()) && contract_store(user, length, fresh) &&
      writable_and_clean(&memory, (length + page_bytes() - 1) / page_bytes() * page_bytes()) &&
      contract_transfer(user, WAY_IN, memory.addr, length)) {
    const size_t whole = (length + page_bytes() - 1) / page_bytes(),
                 out = swap_out(memory.addr, whole * page_bytes());
    if (out < whole) ktap_skip("%zu of %zu pages left memory", out, whole);
    const long bad = pattern_check(memory.addr, length, fresh, 0);
    if (bad >= 0)
      ktap_fail("byte %ld was lost with its page%s", bad,
                pattern_check(memory.addr + bad, 1, stale, (size_t)bad) < 0 ? ", which was not dirty" : "");
  }
  memory_put(&memory);
}

// Where reclaim finds the pages, whichever CPU has them in a batch: this one, for as long as the case runs.
static bool stay_on_cpu(cpu_set_t* before) {
  cpu_set_t one;
  const int cpu = sched_getcpu();
  CPU_ZERO(&one);
  if (cpu >= 0) CPU_SET(cpu, &one);
  return (sched_getaffinity(0, sizeof(*before), before) == 0 &&
          sched_setaffinity(0, sizeof(one), &one) == 0) ||
         ktap_fail("sched_setaffinity: %s", strerror(errno));
}

static bool marked_free(struct memory* memory) {
  return madvise(memory->addr, memory->size, MADV_FREE) == 0 || ktap_fail("MADV_FREE: %s", strerror(errno));
}

struct part {
  size_t offset, length;  // never of the last folio
};

// From the middle of a folio to the middle of another one.
static struct part part_of(const struct user* user, const struct memory* memory) {
  const size_t page = page_bytes(), folio = memory->folio;
  struct part part;
  if (folio == page)
    part.offset = 2 * page, part.length = user_length(user, 12 * page);
  else if (folio <= 65536)
    part.offset = folio / 2, part.length = user_length(user, 2 * folio);
  else
    part.offset = folio - 8 * page, part.length = user_length(user, 16 * page);
  return part;
}

static bool none_is_written(const unsigned char* addr, size_t length) {
  for (size_t at = 0; at < length; ++at) {
    if (addr[at]) return false;
  }
  return true;
}

// Memory that MADV_FREE marked is dropped by reclaim as long as nobody writes it. All of it is clean then, in
// the page table, too, and as large as it was: what the user writes is lost unless the user says so.
static void kept(const struct user* user, enum memory_kind kind, bool while_held) {
  struct memory memory;
  cpu_set_t cpus;
  const size_t page = page_bytes(), folio = memory_two_folios(kind, 0) / 2;
  if (!stay_on_cpu(&cpus)) return;
  if (memory_get(&memory, kind, folio ? 4 * folio : 16 * page)) {
    struct pins before;
    const struct part part = part_of(user, &memory);
    unsigned char *addr = memory.addr + part.offset, *control = memory.addr + memory.size - page;
    memset(control, around, page);
    pattern_fill(addr, part.length, stale, 0);
    bool good = contract_store(user, part.length, fresh) && (while_held || marked_free(&memory));
    if (good && while_held)
      good = contract_take(user, WAY_IN, addr, part.length, &before) && marked_free(&memory) &&
             contract_let_go(user, WAY_IN, addr, part.length, &before);
    else if (good)
      good = contract_transfer(user, WAY_IN, addr, part.length);
    if (good) madvise(memory.addr, memory.size, MADV_PAGEOUT);
    if (good && !none_is_written(control, page)) ktap_skip("a page that may be dropped is still there");
    const long bad = good ? pattern_check(addr, part.length, fresh, 0) : -1;
    if (bad >= 0) ktap_fail("byte %ld of what was written was dropped: its page was not dirty", bad);
  }
  memory_put(&memory);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void written_after_free(const struct user* user, enum memory_kind kind) { kept(user, kind, false); }
static void freed_while_held(const struct user* user, enum memory_kind kind) { kept(user, kind, true); }

// What the medium has, by direct I/O, which writes dirty pages first.
static void medium_has(const struct memory* memory, size_t length) {
  struct buffer medium;
  const int fd = open(memory->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  KTAP_REQUIRE(fd >= 0, "%s: %s", memory->path, strerror(errno));
  if (buffer_get(&medium, BUFFER_PAGES, memory->size)) {
    struct pins before;
    if (pins_begin(&before)) {
      const ssize_t got = pread(fd, medium.addr, memory->size, 0);
      const long bad = pattern_check(medium.addr, length, fresh, 0);
      if (got != (ssize_t)memory->size) ktap_fail("reading the medium gave %zd", got);
      if (bad >= 0) ktap_fail("byte %ld never reached the medium: its page was not dirty", bad);
      pins_expect_at_least(&before, 0, 0);
    }
    buffer_put(&medium);
  }
  close(fd);
}

static void on_the_medium(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes()) && contract_store(user, length, fresh)) {
    struct pins before;
    if (pins_begin(&before)) {
      const long done = user->carry ? user->carry(WAY_IN, memory.addr, length) : -ENOSYS;
      if (done != (long)length) ktap_fail("the transfer gave %ld", done);
      contract_settled(&before, contract_skew(user));
    }
    if (!ktap_failed()) medium_has(&memory, length);
  }
  memory_put(&memory);
}

// All pages are written back and clean while the transfer is held: its end has to dirty them again.
static void written_back_while_held(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins before;
  const size_t length = user_length(user, long_bytes);
  if (memory_get(&memory, kind, length) && contract_store(user, length, fresh) && pins_begin(&before)) {
    const int error = user->take(WAY_IN, memory.addr, length);
    if (error) ktap_fail("taking the file's pages: %s", strerror(-error));
    if (!error && msync(memory.addr, memory.size, MS_SYNC) < 0) ktap_fail("msync: %s", strerror(errno));
    const long done = error ? 0 : user->let_go();
    if (!error && done != (long)length) ktap_fail("the transfer gave %ld", done);
    contract_settled(&before, contract_skew(user));
    if (!ktap_failed()) medium_has(&memory, length);
  }
  memory_put(&memory);
}

const struct obligation dirty_obligations[] = {{"dirty.swap", through_swap},
                                               {"dirty.free", written_after_free},
                                               {"dirty.free_held", freed_while_held},
                                               {"dirty.medium", on_the_medium},
                                               {"dirty.writeback", written_back_while_held},
                                               {0}};
