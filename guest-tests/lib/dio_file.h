// SPDX-License-Identifier: GPL-2.0
// How a file system handles direct reads and writes of a file, probed with small ones: whether they pin, take
// plain references, copy, use the page cache or are refused, depending on the alignment of memory and length.
#pragma once

#include <stdbool.h>
#include <sys/uio.h>

#include "caps.h"
#include "dio_kind.h"
#include "pins.h"
#include "transfer.h"

enum dio_alignment { ALIGNED_PAGE, ALIGNED_SECTOR, ALIGNED_WORD, DIO_ALIGNMENTS };

struct dio_way {
  int error;  // it is refused with this errno
  bool pins;
  bool cached;     // it goes by the page cache; known of whole pages that are not pinned
  bool copied;     // a write whose data the kernel copies; known of the same, where there is memfd_secret()
  long long skew;  // more pages released than acquired, per section
};

struct dio_file {
  const struct dio_kind* kind;
  struct dio_way read[DIO_ALIGNMENTS];
  struct dio_way write[DIO_ALIGNMENTS];
};

// Tries all of it at the start of the file at `path`, which has two written pages at least; claims what that
// pins, and prints "# capability dio.NAME ..." for reads and dio.NAME.write for writes. Whether whole pages
// are pinned is probed, and the file system's kind tells what the other alignments must do then: the running
// case fails if they do not, and later cases use the result. A value in PINRIG_CAPABILITIES overrides the
// probe for transfers of whole pages. False: the running case has been skipped or failed.
bool dio_file_probe(struct dio_file* file, const char* name, const char* path);

// What a transfer of these iovecs does to the counters, not counting the zero page.
void dio_file_counts(const struct dio_file* file, const struct iovec* vec, int count, bool write,
                     struct transfer_counts* counts);

// For an operation of that alignment and direction which took `pages` pages since `before` and
// submitted `sections` of them by legacy direct I/O: exactly that was pinned and unpinned where it pins, and
// nothing where it does not. Claims it. `before` becomes the sample after. False: the running case has
// failed.
bool dio_file_expect(const struct dio_file* file, struct pins* before, bool write,
                     enum dio_alignment alignment, int pages, int sections);
