// SPDX-License-Identifier: GPL-2.0
// Pinned pages are removed from a file by truncation or hole punching. The file reads as zeros there, a
// device keeps the old page, and once it is unpinned no reference is left: the memfd can be sealed.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"

#ifndef FALLOC_FL_PUNCH_HOLE
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#endif

enum { pages = 16, first = 4, count = 8, seed = 62, new_seed = 63 };

// Pages [first, first + count) or, by truncation, all from `first` on.
static bool remove_pages(struct buffer* buffer, bool punch, size_t* gone) {
  off_t start = (off_t)(first * page_bytes());
  *gone = punch ? count : pages - first;
  if (punch)
    return fallocate(buffer->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start,
                     (off_t)(count * page_bytes())) == 0 ||
           ktap_fail("punching a hole: %s", strerror(errno));
  return (ftruncate(buffer->fd, start) == 0 && ftruncate(buffer->fd, (off_t)buffer->size) == 0) ||
         ktap_fail("ftruncate: %s", strerror(errno));
}

static void compare(struct hold* hold, struct buffer* buffer, size_t gone) {
  unsigned char* from = buffer->addr + first * page_bytes();
  size_t length = gone * page_bytes();
  hold_check(hold, 0, buffer->size, seed, "after the pages were removed from the file");
  for (size_t i = 0; i < length; ++i) {
    if (from[i] == 0) continue;
    ktap_fail("byte %zu of the removed range is not zero", i);
    break;
  }
  // New pages of the file and old pages of the device do not see each other; the ones that stayed are the
  // same.
  pattern_fill(buffer->addr, buffer->size, new_seed, 0);
  hold_check(hold, 0, first * page_bytes(), new_seed, "in front of the gap");
  hold_check(hold, first * page_bytes(), length, seed, "in the gap");
  size_t behind = first * page_bytes() + length;
  if (behind < buffer->size) hold_check(hold, behind, buffer->size - behind, new_seed, "after the gap");
}

static void removed(const void* arg) {
  const bool* punch = arg;
  struct buffer buffer;
  struct hold hold;
  size_t gone;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  if (hold_open(&hold, buffer.addr, buffer.size) && remove_pages(&buffer, *punch, &gone)) {
    compare(&hold, &buffer, gone);
    // The seal's own oracle must see what is pinned, or it would prove nothing below.
    munmap(buffer.map, buffer.map_size);
    buffer.map = MAP_FAILED;
    if (fcntl(buffer.fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
      ktap_fail("sealed while pages of the file are pinned");
  }
  hold_close(&hold);
  if (buffer.map == MAP_FAILED) {
    // buffer_seal() unmaps what it is given.
    buffer.map = mmap(NULL, buffer.map_size, PROT_READ, MAP_SHARED, buffer.fd, 0);
    buffer_seal(&buffer);
  }
  buffer_put(&buffer);
}

int main(void) {
  static const bool yes = true, no = false;
  static const struct ktap_case cases[] = {
      {"truncate", removed, &no},
      {"hole_punch", removed, &yes},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
