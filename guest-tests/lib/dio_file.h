// SPDX-License-Identifier: GPL-2.0
// What a file system does with direct reads and writes of one of its files, found out by small ones: whether
// they pin, take plain references, go through the page cache or are refused, as far as memory and lengths are
// aligned.
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
  long long skew;  // pages more released than acquired, per section
};

struct dio_file {
  const struct dio_kind* kind;
  struct dio_way read[DIO_ALIGNMENTS];
  struct dio_way write[DIO_ALIGNMENTS];
};

// Tries all of it at the start of the file at `path`, which has two written pages at least; claims what that
// pins, and prints "# capability dio.NAME ..." (dio.NAME.write where writes differ). Whether whole pages are
// pinned is found out, and the file system's kind says what the other alignments then do: the running case
// fails where they do not, and the cases after it judge by what was found. A value stated in
// PINRIG_CAPABILITIES takes the place of what was found for transfers of whole pages. False: the running case
// has been skipped or failed.
bool dio_file_probe(struct dio_file* file, const char* name, const char* path);

// What a transfer of these iovecs does to the counters, pages of the zero page left out of account.
void dio_file_counts(const struct dio_file* file, const struct iovec* vec, int count, bool write,
                     struct transfer_counts* counts);

// For an operation of that alignment and direction which took hold of `pages` pages since `before` and
// submitted `sections` of them by legacy direct I/O: exactly that was pinned and unpinned where it pins, and
// nothing where it does not. Claims it. `before` becomes the sample after. False: the running case has
// failed.
bool dio_file_expect(const struct dio_file* file, struct pins* before, bool write,
                     enum dio_alignment alignment, int pages, int sections);
