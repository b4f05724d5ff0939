// SPDX-License-Identifier: GPL-2.0
// Memory in pieces, for paths with iovecs: the start of each, how many pages it pins, and its data.
#pragma once

#include <stddef.h>
#include <sys/uio.h>

#include "buffers.h"

enum { pieces_most = 8 };

struct piece {
  int page, offset;  // where it begins in the buffer
  int pages, bytes;  // how long it is: that many pages, and bytes more (or fewer)
};

struct pieces {
  const char* name;
  enum buffer_kind kind;
  int count;
  struct piece at[pieces_most];
  bool copied;  // their path copies them instead
};

// Bytes of the buffer that they need.
size_t pieces_extent(const struct pieces* pieces);
// Fills `vec`; returns the total bytes, and in *pages what a pinning kernel pins: the pages of each, also if
// two share one.
size_t pieces_lay_out(const struct pieces* pieces, const struct buffer* buffer, struct iovec* vec,
                      long long* pages);
// The pattern `seed`, running on from piece to piece. The check fails the running case.
void pieces_fill(const struct iovec* vec, int count, unsigned seed);
void pieces_check(const struct iovec* vec, int count, unsigned seed);
