// SPDX-License-Identifier: GPL-2.0
// One direct transfer between memory and a target, in every shape that takes another path into a bio: how
// many pages are pinned and unpinned, and that the data is right.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"

// `segments` iovecs of `pages` pages and `bytes` bytes each, a stride apart (0: adjacent), the first one
// `offset_pages` and `offset` into the buffer. 0 segments: the whole buffer. Names count in pages so that
// they hold for 4K, 16K and 64K.
struct shape {
  const char* name;
  enum buffer_kind kind;
  int segments;
  int pages;
  int bytes;
  int stride_pages;
  int stride_bytes;
  int offset_pages;
  int offset;
};
extern const struct shape transfer_shapes[];
extern const size_t transfer_shape_count;
// The longest transfer of a shape, in bytes: 4 MiB with pages of 4 KiB, a transparent huge page of 32 MiB
// with 16 KiB.
size_t transfer_longest(void);

// What one transfer does to the counters, and whether it is refused.
struct transfer_counts {
  int error;  // 0, or the errno with which it is refused; nothing is transferred then
  long long acquired;
  long long released;
  long long sections;  // of legacy direct I/O, which release more than was counted: the skew to claim
};

// The target: opened for direct and for buffered I/O.
struct target {
  int (*open)(int flags);       // -1: the running case has been skipped or failed
  enum pin_mode (*mode)(void);  // how it gets its memory; MODE_UNKNOWN: skipped or failed
  bool (*drop_cache)(int fd);   // so that the next buffered read comes from the drive
  long (*dma_alignment)(void);  // mask that memory has to be aligned by, -1 = not known; NULL: any will do
  off_t offset;                 // whence; transfer_longest() from there are overwritten
  // The transfer function: bytes or -1 with errno. NULL: preadv and pwritev.
  ssize_t (*carry)(int fd, const struct iovec* vec, int count, off_t offset, bool write);
  // May the pages of such a transfer be pinned more than once, because a nowait attempt is repeated by one
  // that may wait? NULL: never.
  bool (*may_repeat)(const struct shape* shape, size_t length);
  // The expected counts, if not each page of each iovec once in MODE_PIN, and nothing otherwise. NULL: these.
  void (*counts)(const struct iovec* vec, int count, bool write, struct transfer_counts* counts);
};

// A read and a write of every shape that is `wanted` (NULL: all) as cases "PREFIXread_SHAPE", appended to the
// `count` entries of `cases`, which has room for `room`. Returns the new count. Their memory is static,
// enough for one program. A case checks the counts, the data, and the oracles without counters (huge pages
// return to their pool, a memfd can be sealed).
size_t transfer_cases(struct ktap_case* cases, size_t count, size_t room, const struct target* target,
                      const char* prefix, bool (*wanted)(const struct shape* shape));

// Writes `length` bytes of the pattern `seed` to the target through the page cache, and syncs it; or compares
// with the data on the drive. False: the running case failed.
bool transfer_store(const struct target* target, size_t length, unsigned seed);
bool transfer_compare(const struct target* target, size_t length, unsigned seed);
