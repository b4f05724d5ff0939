// SPDX-License-Identifier: GPL-2.0
// A long-term pin of memory in ZONE_MOVABLE: pinned, unpinned, migrated out, and pinned in the new place.
// Acquired counts the pages twice, released once, before anything was unpinned; a short-term pin leaves the
// pages in place.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "uring.h"

enum { pages = 16, seed = 21 };

// User memory comes from ZONE_MOVABLE first. False: the running case has been skipped or failed.
static bool movable_buffer(struct buffer* buffer, uint64_t* frames) {
  if (!pagemap_have_movable_zone()) return ktap_skip("no ZONE_MOVABLE: the guest needs movablecore=");
  if (!buffer_get(buffer, BUFFER_PAGES, pages * page_bytes())) return false;
  pattern_fill(buffer->addr, buffer->size, seed, 0);
  bool good = pagemap_pfns(buffer->addr, buffer->size, frames);
  for (int i = 0; good && i < pages; ++i)
    if (!pagemap_movable_zone(frames[i])) good = ktap_fail("page %d is not in ZONE_MOVABLE at the start", i);
  if (!good) buffer_put(buffer);
  return good;
}

static void longterm_moves(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before, now;
  uint64_t frames[pages], after[pages];
  int ring = uring_open();
  if (ring < 0) return;
  if (movable_buffer(&buffer, frames)) {
    if (pins_begin(&before)) {
      long long first = before.acquired;
      int error = uring_register(ring, buffer.addr, buffer.size);
      if (error) ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
      pins_expect_longterm(&before, pages);
      if (pins_sample(&now) && now.acquired - first < 2 * pages)
        ktap_fail("%lld pages were pinned, want twice %d: they were not moved by the pin",
                  now.acquired - first, pages);
      if (pagemap_moved(buffer.addr, buffer.size, frames) != pages) ktap_fail("not all pages were moved");
      bool good = pagemap_pfns(buffer.addr, buffer.size, after);
      for (int i = 0; good && i < pages; ++i)
        if (pagemap_movable_zone(after[i])) ktap_fail("page %d is pinned long-term in ZONE_MOVABLE", i);
      if (pattern_check(buffer.addr, buffer.size, seed, 0) >= 0) ktap_fail("the move lost data");
      uring_unregister(ring);
      pins_expect(&before, 0, pages);
      // Once they are out there is nothing to move: exact.
      error = uring_register(ring, buffer.addr, buffer.size);
      if (error) ktap_fail("IORING_REGISTER_BUFFERS again: %s", strerror(-error));
      pins_expect(&before, pages, 0);
      uring_unregister(ring);
      pins_expect(&before, 0, pages);
    }
    buffer_put(&buffer);
  }
  close(ring);
}

static void short_stays(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  uint64_t frames[pages];
  long long counted = drive_pages(pages);
  int fd = counted < 0 ? -1 : drive_raw.open(O_WRONLY | O_DIRECT);
  if (fd < 0) return;
  if (movable_buffer(&buffer, frames)) {
    if (pins_begin(&before)) {
      ssize_t done = pwrite(fd, buffer.addr, buffer.size, drive_raw.offset);
      if (done != (ssize_t)buffer.size) ktap_fail("writing gave %zd: %s", done, strerror(errno));
      pins_expect(&before, counted, counted);
      size_t moved = pagemap_moved(buffer.addr, buffer.size, frames);
      if (moved != 0) ktap_fail("%zu pages were moved for a short-term pin", moved);
      transfer_compare(&drive_raw, buffer.size, seed);
    }
    buffer_put(&buffer);
  }
  close(fd);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"longterm_moves_and_counts_twice", longterm_moves, NULL},
      {"short_term_stays", short_stays, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
