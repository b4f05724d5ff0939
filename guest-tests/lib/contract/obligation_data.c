// SPDX-License-Identifier: GPL-2.0
// The data is right in every shape, and no byte outside of the range changes.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "contract/obligations.h"
#include "ktap.h"
#include "pins.h"

enum { around = 0x77, most_shapes = 16 };

struct shape {
  size_t offset, length;
};

static void add(struct shape* shapes, size_t* count, const struct user* user, size_t offset, size_t length) {
  const size_t unit = user_align(user);
  offset -= offset % unit;
  if (*count < most_shapes) shapes[(*count)++] = (struct shape){offset, user_length(user, length)};
}

// Unaligned head and tail, odd lengths, across pages and folios, tail pages of a folio.
static size_t shapes_of(const struct user* user, const struct memory* memory, struct shape* shapes) {
  const size_t page = page_bytes(), folio = memory->folio, unit = user_align(user);
  size_t count = 0;
  add(shapes, &count, user, 0, page);
  add(shapes, &count, user, 0, 5 * page);
  add(shapes, &count, user, page / 2, page);
  add(shapes, &count, user, page - unit, 2 * unit);
  add(shapes, &count, user, 3 * page + unit, 3 * page - 2 * unit);
  // The last piece is the smallest there is.
  add(shapes, &count, user, 0, 4 * page + unit);
  if (unit == 1) add(shapes, &count, user, 4 * page - 1, 3);
  if (unit == 1) add(shapes, &count, user, 5, 2 * page + 9);
  if (folio > page) add(shapes, &count, user, folio - 3 * page, 2 * page);
  if (folio > page && memory->size >= 2 * folio) add(shapes, &count, user, folio - page, 2 * page);
  if (folio > page && memory->size >= 2 * folio) add(shapes, &count, user, folio + page + unit, 3 * page);
  return count;
}

// The range and the bytes around it, to either side within one page.
static void window_of(const struct memory* memory, size_t offset, size_t length, size_t* from, size_t* to) {
  *from = offset > page_bytes() ? offset - page_bytes() : 0;
  *to = offset + length + page_bytes();
  if (*to > memory->size) *to = memory->size;
}

static void surround(const struct memory* memory, const struct shape* shape) {
  size_t from, to;
  window_of(memory, shape->offset, shape->length, &from, &to);
  memset(memory->addr + from, around, to - from);
}

static bool untouched_around(const struct memory* memory, size_t offset, size_t length) {
  size_t from, to;
  window_of(memory, offset, length, &from, &to);
  for (size_t at = from; at < to; ++at) {
    if ((at < offset || at >= offset + length) && memory->addr[at] != around)
      return ktap_fail("byte %zu changed, which is %s the range", at, at < offset ? "before" : "behind");
  }
  return true;
}

// What was written has not come to the page of zeros that others map, too.
static bool zeros_are_zero(const struct memory* memory) {
  const size_t length = memory->folio;
  unsigned char* map = mmap(NULL, 2 * length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  const unsigned char* zeros = map + (length - (uintptr_t)map % length) % length;
  if (length > page_bytes()) madvise((void*)(uintptr_t)zeros, length, MADV_HUGEPAGE);
  // Each byte is 0 if the first is and each equals the one before it.
  bool good = zeros[0] == 0 && memcmp(zeros, zeros + 1, length - 1) == 0;
  size_t bad = 0;
  while (!good && bad < length && zeros[bad] == 0) ++bad;
  if (!good) ktap_fail("byte %zu of memory that was never written is %#x", bad, zeros[bad]);
  munmap(map, 2 * length);
  return good;
}

static bool one_in(const struct user* user, const struct memory* memory, const struct shape* shape,
                   unsigned seed) {
  const bool written = memory_is_written(memory->kind);
  unsigned char* addr = memory->addr + shape->offset;
  if (written) surround(memory, shape);
  if (!contract_store(user, shape->length, seed) || !contract_transfer(user, WAY_IN, addr, shape->length))
    return false;
  const long bad = pattern_check(addr, shape->length, seed, 0);
  if (bad >= 0)
    return ktap_fail("%zu bytes at %zu: wrong data at byte %ld", shape->length, shape->offset, bad);
  if (memory->kind == MEMORY_ZERO || memory->kind == MEMORY_ZERO_THP) return zeros_are_zero(memory);
  return !written || untouched_around(memory, shape->offset, shape->length);
}

static bool one_out(const struct user* user, const struct memory* memory, const struct shape* shape,
                    unsigned seed) {
  const bool written = memory_is_written(memory->kind);
  unsigned char* addr = memory->addr + shape->offset;
  if (written) pattern_fill(addr, shape->length, seed, 0);
  if (user->store && !contract_store(user, shape->length, seed + 1)) return false;
  if (written)
    return contract_transfer(user, WAY_OUT, addr, shape->length) &&
           contract_compare(user, shape->length, seed);
  // How the zero page counts is a rule of the counters (pins/zero_pages).
  struct pins before;
  if (!pins_begin(&before)) return false;
  const long done = contract_attempt(user, WAY_OUT, addr, shape->length);
  if (done != (long)shape->length) return ktap_fail("%zu bytes out gave %ld", shape->length, done);
  if (!contract_settled(&before, contract_skew(user))) return false;
  unsigned char* bytes = calloc(1, shape->length);
  if (bytes && user->same) {
    const bool same = user->same(bytes, shape->length);
    free(bytes);
    return same || ktap_fail("zeros did not arrive");
  }
  bool good = bytes && user->load(bytes, shape->length);
  for (size_t i = 0; good && i < shape->length; ++i)
    good = bytes[i] == 0 || ktap_fail("byte %zu of memory that was never written is not 0", i);
  free(bytes);
  return good;
}

static void each_shape(const struct user* user, enum memory_kind kind,
                       bool (*one)(const struct user*, const struct memory*, const struct shape*, unsigned)) {
  struct memory memory;
  struct shape shapes[most_shapes];
  unsigned seed = 20;
  if (memory_get(&memory, kind, memory_two_folios(kind, 16 * page_bytes()))) {
    const size_t count = shapes_of(user, &memory, shapes);
    for (size_t i = 0; i < count; ++i) {
      if (shapes[i].offset + shapes[i].length > memory.size) continue;
      if (!one(user, &memory, &shapes[i], seed += 2)) break;
    }
  }
  memory_put(&memory);
}

static void in(const struct user* user, enum memory_kind kind) { each_shape(user, kind, one_in); }
static void out(const struct user* user, enum memory_kind kind) { each_shape(user, kind, one_out); }

// More than is taken at once: the loops that take, transfer and release go on.
static void longest(const struct user* user, enum memory_kind kind,
                    bool (*one)(const struct user*, const struct memory*, const struct shape*, unsigned)) {
  struct memory memory;
  const struct shape shape = {0, user_length(user, user_most(user))};
  if (memory_get(&memory, kind, shape.length)) one(user, &memory, &shape, 80);
  memory_put(&memory);
}

static void long_in(const struct user* user, enum memory_kind kind) { longest(user, kind, one_in); }
static void long_out(const struct user* user, enum memory_kind kind) { longest(user, kind, one_out); }

// Many pieces in one page, and pieces of several pages, in one transfer.
enum { pieces = 8 };

static size_t cut(const struct user* user, const struct memory* memory, struct iovec* vec) {
  const size_t unit = user_align(user), small = unit > 64 ? unit : 64 + (unit == 1);
  size_t total = 0, at = 0;
  for (int i = 0; i < pieces; ++i) {
    // Four in the first page with gaps, then across page borders.
    const size_t length = i < 4 ? small : user_length(user, page_bytes() + unit);
    if (i == 4) at = page_bytes() + unit;
    vec[i] = (struct iovec){memory->addr + at, length};
    at += length + (i < 4 ? unit : 2 * unit);
    total += length;
  }
  return total;
}

static bool pieces_counted(const struct user* user, enum way way, const struct iovec* vec, size_t total) {
  struct pins before;
  struct user_counts want = {0}, one;
  for (int i = 0; i < pieces; ++i) {
    user_count(user, way, vec[i].iov_base, vec[i].iov_len, &one);
    want.acquired += one.acquired;
    want.sections += one.sections;
  }
  if (!pins_begin(&before)) return false;
  const long done = user->carry_pieces(way, vec, pieces);
  if (done != (long)total) ktap_fail("%zu bytes in %d pieces gave %ld", total, pieces, done);
  if (want.sections) pins_claim_skew(want.sections);
  return user->counts_at_least ? pins_expect_at_least(&before, want.acquired, 0)
                               : pins_expect(&before, want.acquired, want.acquired + 2 * want.sections);
}

static void in_pieces(const struct user* user, enum memory_kind kind, enum way way) {
  struct memory memory;
  struct iovec vec[pieces];
  const unsigned seed = way == WAY_IN ? 60 : 61;
  if (memory_get(&memory, kind, 16 * page_bytes())) {
    const size_t total = cut(user, &memory, vec);
    size_t position = 0;
    for (int i = 0; way == WAY_OUT && i < pieces; position += vec[i].iov_len, ++i)
      pattern_fill(vec[i].iov_base, vec[i].iov_len, seed, position);
    position = 0;
    if (contract_store(user, total, way == WAY_IN ? seed : seed + 1) &&
        pieces_counted(user, way, vec, total)) {
      for (int i = 0; way == WAY_IN && i < pieces; position += vec[i].iov_len, ++i) {
        if (pattern_check(vec[i].iov_base, vec[i].iov_len, seed, position) >= 0)
          ktap_fail("piece %d has wrong data", i);
      }
      if (way == WAY_OUT) contract_compare(user, total, seed);
    }
  }
  memory_put(&memory);
}

static void pieces_in(const struct user* user, enum memory_kind kind) { in_pieces(user, kind, WAY_IN); }
static void pieces_out(const struct user* user, enum memory_kind kind) { in_pieces(user, kind, WAY_OUT); }

const struct obligation data_obligations[] = {{"data.in", in},
                                              {"data.out", out},
                                              {"data.long_in", long_in},
                                              {"data.long_out", long_out},
                                              {"pieces.in", pieces_in},
                                              {"pieces.out", pieces_out},
                                              {0}};
