// SPDX-License-Identifier: GPL-2.0
// Long-term pins: pages leave ZONE_MOVABLE first, and pages of files are refused for writing.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "contract/obligations.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

enum { pages = 16, seed = 100 };

static size_t in_movable(const unsigned char* addr, size_t length) {
  size_t found = 0;
  for (size_t at = 0; at < length; at += page_bytes()) {
    const uint64_t frame = pagemap_pfn(addr + at);
    found += frame && pagemap_movable_zone(frame);
  }
  return found;
}

static bool leaves_zone(const struct user* user, enum way way, struct memory* memory, size_t length) {
  struct pins before;
  struct user_counts want;
  const size_t movable = in_movable(memory->addr, length);
  ktap_note("%zu of %zu pages are in ZONE_MOVABLE", movable, length / page_bytes());
  if (!pins_begin(&before)) return false;
  const int error = user->take(way, memory->addr, length);
  if (error) return ktap_fail("taking the memory: %s", strerror(-error));
  user_count(user, way, memory->addr, length, &want);
  pins_expect_at_least(&before, want.acquired, want.kept);
  const size_t still = in_movable(memory->addr, length);
  if (still) ktap_fail("%zu pages are held in ZONE_MOVABLE", still);
  if (memory_is_written(memory->kind) && way == WAY_OUT && pattern_check(memory->addr, length, seed, 0) >= 0)
    ktap_fail("the pages lost their data on the way");
  const long done = user->let_go();
  if (done < 0) ktap_fail("letting go gave %ld", done);
  pins_expect_at_least(&before, 0, -want.kept);
  return !ktap_failed();
}

static void movable(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const size_t length = user_length(user, pages * page_bytes()) / page_bytes() * page_bytes();
  if (!pagemap_have_movable_zone()) {
    ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
    return;
  }
  if (user->mode && user->mode() != MODE_PIN) {
    ktap_skip("this kernel takes plain references, which stay where they are");
    return;
  }
  for (int way = WAY_IN; way <= WAY_OUT && !ktap_failed(); ++way) {
    if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
    if (memory_get(&memory, kind, pages * page_bytes())) {
      if (memory_is_written(kind)) pattern_fill(memory.addr, length, seed, 0);
      leaves_zone(user, (enum way)way, &memory, length);
    }
    memory_put(&memory);
  }
}

// EOPNOTSUPP is the answer to persistent memory, and was that to any file.
static void refused(const struct user* user, struct memory* memory, size_t length) {
  contract_refused(user, WAY_IN, memory->addr, length, EFAULT, EOPNOTSUPP);
}

static void file_refused(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  const char* stated = caps_stated("lt.file_rw");
  const size_t length = user_length(user, pages * page_bytes());
  if (stated && strcmp(stated, "allowed") == 0 && kind == MEMORY_FILE) {
    ktap_skip("this kernel allows long-term pins of files (lt.file_rw)");
    return;
  }
  if (memory_get(&memory, kind, pages * page_bytes())) {
    // Written pages, on the fast way: their entries in the page table are there and allow writing.
    memset(memory.addr, 1, memory.size);
    refused(user, &memory, length);
  }
  memory_put(&memory);
  if (ktap_failed() || !memory_get(&memory, kind, pages * page_bytes())) return;
  // On the slow way: nothing is mapped yet.
  if (madvise(memory.addr, memory.size, MADV_DONTNEED) < 0) ktap_fail("madvise: %s", strerror(errno));
  refused(user, &memory, length);
  memory_put(&memory);
}

const struct obligation longterm_obligations[] = {
    {"longterm.movable", movable}, {"longterm.file", file_refused}, {0}};
