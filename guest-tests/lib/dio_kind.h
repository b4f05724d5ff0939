// SPDX-License-Identifier: GPL-2.0
// In what file systems differ when they do direct I/O: facts about each, as seen on 6.1 and 6.12, x86_64 and
// aarch64. That a kernel pins at all is not among them (dio_file.h); what is counted here is counted where it
// does.
#pragma once

#include <stdbool.h>

enum dio_path {
  DIO_IOMAP,   // looks for the blocks first and pins memory for those that are there
  DIO_LEGACY,  // fs/direct-io.c: pins first, up to 64 pages, and then looks
  DIO_SERVER,  // FUSE and the network: pins all that is asked for and asks somebody
};

// A transfer of whose memory only the first half is mapped.
enum dio_half {
  HALF_FAULTS,  // EFAULT, though the first half has been moved
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
  bool cached_extending;    // a write behind the end, the same
  bool cached_onto_itself;  // memory that is mapped from the very range, the same
  const char* legacy;       // the kind that it is where it still uses fs/direct-io.c
};

// NULL, and the running case fails, when nobody has looked.
const struct dio_kind* dio_kind_of(const char* name);
