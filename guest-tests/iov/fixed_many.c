// SPDX-License-Identifier: GPL-2.0
// One huge page registered thousands of times at once: its pin count goes far beyond what the old scheme of
// biased page reference counts could hold (512 pages * 1024 per pin overflow at the 4096th). And many rings
// with a buffer each.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "fixed.h"
#include "ktap.h"
#include "pins.h"
#include "uring.h"

enum { times = 5000, rings = 64, ring_pages = 16 };

static void huge_page_5000_times(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer huge;
  struct pins before;
  long huge_before = hugetlb_free();
  struct iovec* vec = calloc(times, sizeof(*vec));
  int coalesce = caps_iou_coalesce();
  if (!vec || coalesce < 0 || !buffer_get(&huge, *kind, 1)) return;
  int ring = uring_open();
  long long pages = (long long)(huge.size / page_bytes());
  for (int i = 0; i < times; ++i) vec[i] = (struct iovec){huge.addr, huge.size};
  if (ring >= 0 && pins_begin(&before)) {
    long failed = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, vec, times);
    if (failed < 0) ktap_fail("IORING_REGISTER_BUFFERS of %d buffers: %s", times, strerror(errno));
    long long held = coalesce ? 1 : pages;
    if (failed == 0) pins_expect_held(&before, times * pages, times * held);
    if (failed == 0 && uring_unregister(ring) == 0) pins_expect(&before, 0, times * held);
  }
  if (ring >= 0) close(ring);
  buffer_put(&huge);
  free(vec);
  if (*kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

// The same pages in every ring, or each its own.
static void rings_of_their_own(const void* arg) {
  struct buffer buffer;
  struct pins before;
  int fds[rings];
  bool same = arg != NULL;
  size_t part = ring_pages * page_bytes();
  if (!buffer_get(&buffer, BUFFER_MEMFD, same ? part : rings * part)) return;
  for (int i = 0; i < rings; ++i) fds[i] = uring_open();
  if (pins_begin(&before)) {
    for (int i = 0; i < rings; ++i) {
      int error =
          fds[i] < 0 ? -EBADF : uring_register(fds[i], buffer.addr + (same ? 0 : (size_t)i * part), part);
      if (error) ktap_fail("ring %d: %s", i, strerror(-error));
    }
    pins_expect_longterm(&before, rings * ring_pages);
    // Half of them properly, the others by closing the ring, which releases later.
    for (int i = 0; i < rings; ++i) {
      if (i % 2) uring_unregister(fds[i]);
      close(fds[i]);
    }
    pins_expect(&before, 0, rings * ring_pages);
  }
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const enum buffer_kind thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"hugetlb_5000_times", huge_page_5000_times, &hugetlb},
      {"thp_5000_times", huge_page_5000_times, &thp},
      {"64_rings", rings_of_their_own, NULL},
      {"64_rings_same_pages", rings_of_their_own, "same"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
