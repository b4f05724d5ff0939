// SPDX-License-Identifier: GPL-2.0
// Differences between file systems in direct I/O, as seen on 5.10, 6.1 and 6.12, on both architectures.
// Whether a kernel pins is probed (dio_file.h); the counts here apply if it does.
#pragma once

#include <stdbool.h>

enum dio_path {
  DIO_IOMAP,   // looks up the blocks first and pins memory only for allocated ones
  DIO_LEGACY,  // fs/direct-io.c: pins first, up to 64 pages, and then looks up blocks
  DIO_SERVER,  // FUSE and network file systems: pins everything and asks the server
};

// A transfer with only the first half of its memory mapped.
enum dio_half {
  HALF_FAULTS,  // EFAULT, although the first half was transferred
  HALF_SHORT,   // the first half, and its length
  HALF_EITHER,
};

struct dio_kind {
  const char* name;  // as fs_fixture_begin() takes it
  enum dio_path path;
  enum dio_half read, write;
  bool cached_sectors;      // memory or ranges in sectors: through the page cache
  bool cached_words;        // the same for memory in words of four bytes
  bool cached_holes;        // a write of less than a block into a hole, the same
  bool cached_extending;    // a write beyond the end, the same
  bool cached_onto_itself;  // memory mapped from the same range, the same
  bool refuses_words;       // memory in words of four bytes is refused, as fs/direct-io.c always does
  const char* legacy;       // its kind on kernels where it still uses fs/direct-io.c
  const char* before_6_0;   // its kind on kernels that ask of memory the alignment of blocks
};

// NULL, and the running case fails, for an unknown file system.
const struct dio_kind* dio_kind_of(const char* name);
