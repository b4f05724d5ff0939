// SPDX-License-Identifier: GPL-2.0
// What may not be written is refused before anything is written, what is read-only may be read from, and
// memory that no one may take is taken by nobody.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "contract/obligations.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, mine = 80, theirs = 81 };

static bool read_only(struct memory* memory, size_t length) {
  pattern_fill(memory->addr, length, mine, 0);
  return mprotect(memory->addr, memory->size, PROT_READ) == 0 || ktap_fail("mprotect: %s", strerror(errno));
}

static void readonly_in(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes()) && read_only(&memory, length) &&
      (!user->store || contract_store(user, length, theirs))) {
    contract_refused(user, WAY_IN, memory.addr, length, EFAULT, user->refusal);
    const long bad = pattern_check(memory.addr, length, mine, 0);
    if (bad >= 0) ktap_fail("memory that may not be written was written at byte %ld", bad);
  }
  memory_put(&memory);
}

static void readonly_out(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes()) && read_only(&memory, length) &&
      (!user->store || contract_store(user, length, theirs))) {
    if (contract_transfer(user, WAY_OUT, memory.addr, length) && user->load)
      contract_compare(user, length, mine);
    if (pattern_check(memory.addr, length, mine, 0) >= 0) ktap_fail("memory that is only read was written");
  }
  memory_put(&memory);
}

// Only the second page may not be written: nothing of the pages before it is kept, and it is not written.
static void readonly_part(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const size_t page = page_bytes(), length = user_length(user, 4 * page);
  if (length <= page) {
    ktap_skip("a transfer is no longer than a page");
    return;
  }
  if (memory_get(&memory, kind, length > 4 * page ? length : 4 * page) &&
      (!user->store || contract_store(user, length, theirs))) {
    pattern_fill(memory.addr, length, mine, 0);
    if (mprotect(memory.addr + page, page, PROT_READ) < 0) ktap_fail("mprotect: %s", strerror(errno));
    struct pins before;
    if (pins_begin(&before)) {
      long done =
          user->carry ? user->carry(WAY_IN, memory.addr, length) : user->take(WAY_IN, memory.addr, length);
      if (!user->carry && done == 0) user->let_go();
      if (done > (long)page || (!user->carry && done >= 0)) ktap_fail("it was not refused: %ld", done);
      contract_settled(&before, contract_skew(user));
      if (pattern_check(memory.addr + page, page, mine, page) >= 0)
        ktap_fail("the page that may not be written was written");
    }
  }
  memory_put(&memory);
}

// Frames without a struct page, secret memory, guard pages: refused either way.
static void never(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  if (memory_get(&memory, kind, (kind == MEMORY_GUARD ? 2 : 1) * pages * page_bytes())) {
    const size_t length =
        user_length(user, memory.size < pages * page_bytes() ? memory.size : pages * page_bytes());
    for (int way = WAY_IN; way <= WAY_OUT && !ktap_failed(); ++way) {
      if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
      // The first half of memory with guard pages is memory like any other.
      unsigned char* addr = memory.addr + (kind == MEMORY_GUARD ? memory.size / 2 : 0);
      contract_refused(user, (enum way)way, addr, length, EFAULT, user->refusal);
    }
  }
  memory_put(&memory);
}

const struct obligation access_obligations[] = {{"readonly.in", readonly_in},
                                                {"readonly.out", readonly_out},
                                                {"readonly.part", readonly_part},
                                                {"never.taken", never},
                                                {0}};
