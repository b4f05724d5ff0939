// SPDX-License-Identifier: GPL-2.0
#include "fixed.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "uring.h"

int caps_iou_coalesce(void) {
  static int known = -1;
  struct buffer huge;
  struct pins before, after;
  if (known >= 0) return known;
  // If transparent huge pages are too large, uses a hugetlb page.
  enum buffer_kind kind = thp_bytes() > BUFFER_MOST_THP ? BUFFER_HUGETLB : BUFFER_THP;
  if (!pins_available() || !buffer_get(&huge, kind, 1)) return -1;
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    int error = uring_register(ring, huge.addr, huge.size / 2);
    after = before;
    if (error)
      ktap_fail("registering half a huge page: %s", strerror(-error));
    else if (pins_rest(&after)) {
      // Movable memory is pinned, released, moved and pinned again: only what stays tells.
      long long pages = (long long)(huge.size / 2 / page_bytes());
      known = after.acquired - before.acquired - (after.released - before.released) < pages;
      pins_claim_at_least(pages);
      caps_print("iou.coalesce", known ? "yes" : "no");
    }
    if (!error) uring_unregister(ring);
    after = before;
    pins_rest(&after);
  }
  if (ring >= 0) close(ring);
  buffer_put(&huge);
  return known;
}

long long fixed_held(const void* addr, size_t length, size_t folio) {
  long long pages = (long long)pages_spanned(addr, length);
  if (folio == 0 || pages <= 1) return pages;
  int coalesce = caps_iou_coalesce();
  if (coalesce < 0) return -1;
  uintptr_t start = (uintptr_t)addr, end = start + length;
  return coalesce ? (long long)((end + folio - 1) / folio - start / folio) : pages;
}

bool fixed_open(struct fixed* fixed, void* addr, size_t length, size_t folio) {
  *fixed = (struct fixed){.held = fixed_held(addr, length, folio)};
  fixed->ring = (struct ring){.fd = -1, .rings = (void*)-1, .sqes = (void*)-1};
  if (fixed->held < 0 || !ring_open(&fixed->ring, 8, 0) || !pins_begin(&fixed->before)) return false;
  int error = uring_register(fixed->ring.fd, addr, length);
  if (error) return ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
  fixed->registered = true;
  return pins_expect_held(&fixed->before, (long long)pages_spanned(addr, length), fixed->held);
}

void fixed_close(struct fixed* fixed) {
  if (fixed->registered && pins_begin(&fixed->before)) {
    int error = uring_unregister(fixed->ring.fd);
    if (error) ktap_fail("IORING_UNREGISTER_BUFFERS: %s", strerror(-error));
    pins_expect(&fixed->before, 0, fixed->held);
  }
  fixed->registered = false;
  ring_close(&fixed->ring);
}
