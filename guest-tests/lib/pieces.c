// SPDX-License-Identifier: GPL-2.0
#include "pieces.h"

#include "ktap.h"

static size_t start_of(const struct piece* piece) {
  return (size_t)piece->page * page_bytes() + (size_t)piece->offset;
}
static size_t length_of(const struct piece* piece) {
  return (size_t)((long)piece->pages * (long)page_bytes() + piece->bytes);
}

size_t pieces_extent(const struct pieces* pieces) {
  size_t extent = 0;
  for (int i = 0; i < pieces->count; ++i) {
    size_t end = start_of(&pieces->at[i]) + length_of(&pieces->at[i]);
    if (end > extent) extent = end;
  }
  return extent;
}

size_t pieces_lay_out(const struct pieces* pieces, const struct buffer* buffer, struct iovec* vec,
                      long long* pages) {
  size_t total = 0;
  *pages = 0;
  for (int i = 0; i < pieces->count; ++i) {
    vec[i] = (struct iovec){buffer->addr + start_of(&pieces->at[i]), length_of(&pieces->at[i])};
    *pages += (long long)pages_spanned(vec[i].iov_base, vec[i].iov_len);
    total += vec[i].iov_len;
  }
  return total;
}

void pieces_fill(const struct iovec* vec, int count, unsigned seed) {
  size_t position = 0;
  for (int i = 0; i < count; position += vec[i++].iov_len)
    pattern_fill(vec[i].iov_base, vec[i].iov_len, seed, position);
}

void pieces_check(const struct iovec* vec, int count, unsigned seed) {
  size_t position = 0;
  for (int i = 0; i < count; position += vec[i++].iov_len) {
    long bad = pattern_check(vec[i].iov_base, vec[i].iov_len, seed, position);
    KTAP_REQUIRE(bad < 0, "wrong data at byte %ld of piece %d", bad, i);
  }
}
