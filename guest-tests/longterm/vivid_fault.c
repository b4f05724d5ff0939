// SPDX-License-Identifier: GPL-2.0
// Video buffers in user memory with each allocation failing in turn, also while faulting in the last pages
// and mapping them into the kernel: a buffer that cannot be queued leaves nothing pinned, and can be queued
// afterwards.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "vivid.h"

enum { max_faults = 400, fresh_pages = 8 };

struct attempt {
  int camera;
  struct buffer buffer;
  size_t length;
  long long pages;
  struct pins before;
  int refused;
};

static bool attempt(void* context, int nth) {
  struct attempt* a = context;
  const size_t fresh = fresh_pages * page_bytes();
  madvise(a->buffer.addr + a->buffer.size - fresh, fresh, MADV_DONTNEED);
  if (!vivid_request(a->camera, 1) || !fault_nth_arm(nth)) return false;
  int error = vivid_queue(a->camera, a->buffer.addr, a->length);
  bool injected = fault_nth_disarm();
  a->refused += fault_refused(nth, injected, -error);
  // The copy of the answer to us may be what fails.
  const bool queued = vivid_has_it(a->camera);
  if (!error && !queued) ktap_fail("the buffer was not queued, but no error was reported");
  // Before the buffer is freed: without it nothing is held by then.
  const long long held = queued ? a->pages : 0;
  pins_expect_at_least(&a->before, held, held);
  if (!vivid_request(a->camera, 0)) return false;
  pins_expect_at_least(&a->before, 0, -held);
  return injected;
}

static void every_allocation_fails(const void* arg) {
  (void)arg;
  struct attempt a = {.camera = vivid_open()};
  if (a.camera < 0) {
    ktap_skip("no vivid capture device (VIDEO_VIVID)");
    return;
  }
  a.length = vivid_frame_bytes(a.camera);
  if (a.length && fault_nth_ready() && buffer_get(&a.buffer, BUFFER_PAGES, a.length)) {
    a.pages = (long long)pages_spanned(a.buffer.addr, a.length);
    if (pins_begin(&a.before)) {
      int faults = fault_each(attempt, &a, max_faults);
      ktap_note("%d faults injected, %d buffers refused", faults, a.refused);
      if (a.refused == 0) ktap_fail("no fault prevented queueing a buffer: nothing was tested");
    }
    buffer_put(&a.buffer);
  }
  close(a.camera);
}

int main(void) {
  static const struct ktap_case cases[] = {{"every_allocation_fails", every_allocation_fails, NULL}};
  return ktap_run(cases, 1);
}
