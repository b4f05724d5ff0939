// SPDX-License-Identifier: GPL-2.0
// Exactly the pages of the range are taken, once each, and all of them are released: by one transfer, and
// while held.
#include <errno.h>

#include "contract/obligations.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, seed = 11, most_ranges = 5 };

struct range {
  size_t offset, length;
};

// In units that the user can address: one page, all pages, and a range that begins and ends within pages.
static size_t ranges_of(const struct user* user, const struct memory* memory, struct range* ranges) {
  const size_t unit = user_align(user), page = page_bytes();
  const size_t all = user_length(user, pages * page),
               inner = unit < page ? (page / 2 + unit - 1) / unit * unit : 0;
  size_t count = 0;
  ranges[count++] = (struct range){0, user_length(user, page)};
  if (all > page) ranges[count++] = (struct range){0, all};
  if (inner && all > 2 * page) ranges[count++] = (struct range){inner, user_length(user, all - page)};
  // The tail pages of a folio, and across two of them.
  if (memory->folio > page && unit <= page && memory->size >= 2 * memory->folio &&
      user_length(user, 4 * page) == 4 * page)
    ranges[count++] = (struct range){memory->folio - 2 * page, 4 * page};
  // Two whole folios, which may be neighbors in physical memory.
  if (memory->folio > page && memory->size >= 2 * memory->folio &&
      user_length(user, 2 * memory->folio) == 2 * memory->folio)
    ranges[count++] = (struct range){0, 2 * memory->folio};
  return count;
}

static bool held(const struct user* user, enum way way, unsigned char* addr, size_t length) {
  struct pins before;
  return contract_take(user, way, addr, length, &before) && contract_let_go(user, way, addr, length, &before);
}

static void check(const struct user* owner, enum memory_kind kind, enum way way) {
  struct user asked = *owner;
  const struct user* user = &asked;
  struct memory memory;
  struct range ranges[most_ranges];
  const size_t wanted = memory_two_folios(kind, (pages + 1) * page_bytes());
  // A page that others have too is taken on the fast way, released, made the process's own, and taken again
  // (mm/gup.c gup_must_unshare()).
  if (way == WAY_OUT && (kind == MEMORY_COW || kind == MEMORY_KSM)) asked.counts_at_least = true;
  if (memory_get(&memory, kind, wanted)) {
    const size_t count = ranges_of(user, &memory, ranges);
    for (size_t i = 0; i < count && !ktap_failed(); ++i) {
      unsigned char* addr = memory.addr + ranges[i].offset;
      if (user->store && way == WAY_IN && !contract_store(user, ranges[i].length, seed)) break;
      if (user->carry && !contract_transfer(user, way, addr, ranges[i].length)) break;
      if (user->take && !held(user, way, addr, ranges[i].length)) break;
    }
    if (!ktap_failed()) memory_expect_free(&memory);
  }
  memory_put(&memory);
}

static void in(const struct user* user, enum memory_kind kind) { check(user, kind, WAY_IN); }
static void out(const struct user* user, enum memory_kind kind) { check(user, kind, WAY_OUT); }

const struct obligation pages_obligations[] = {{"pages.in", in}, {"pages.out", out}, {0}};
