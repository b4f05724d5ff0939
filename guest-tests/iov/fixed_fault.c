// SPDX-License-Identifier: GPL-2.0
// Registering fixed buffers with each allocation failing in turn: what was pinned by then is unpinned. A
// failed unregister leaves the buffers registered, so the ring is closed before judging.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "uring.h"

enum { max_faults = 200 };

struct walk {
  enum buffer_kind kind;
  int pages;
  bool unregister;  // the faults are in unregistering
};

struct attempt {
  const struct walk* walk;
  struct buffer buffer;
  struct pins before;
  int refused;
};

static bool attempt(void* context, int nth) {
  struct attempt* a = context;
  size_t length = (size_t)a->walk->pages * page_bytes();
  int ring = uring_open(), error;
  if (ring < 0) return false;
  if (a->walk->unregister) {
    error = uring_register(ring, a->buffer.addr, length);
    if (error) ktap_fail("registering without a fault gave %d", error);
    fault_nth_arm(nth);
    error = uring_unregister(ring);
  } else {
    fault_nth_arm(nth);
    error = uring_register(ring, a->buffer.addr, length);
  }
  bool injected = fault_nth_disarm();
  a->refused += fault_refused(nth, injected, error);
  close(ring);
  // The ring unpins its pages later: wait before the next attempt, so that a leak is attributed correctly.
  pins_expect_at_least(&a->before, 0, 0);
  return injected;
}

static void every_allocation_fails(const void* arg) {
  const struct walk* walk = arg;
  struct attempt a = {.walk = walk};
  long huge_before = hugetlb_free();
  if (!fault_nth_ready() || !buffer_get(&a.buffer, walk->kind, (size_t)walk->pages * page_bytes())) return;
  if (pins_begin(&a.before)) {
    int faults = (walk->unregister ? fault_walk : fault_each)(attempt, &a, max_faults);
    ktap_note("%d faults injected, %d calls refused", faults, a.refused);
    // In 6.1 what unregistering needs was allocated when registering.
    if (faults == 0 && !ktap_failed()) ktap_skip("unregistering allocates nothing that could fail");
  }
  if (walk->kind == BUFFER_MEMFD) buffer_seal(&a.buffer);
  buffer_put(&a.buffer);
  if (walk->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct walk plain = {BUFFER_MEMFD, 16, false}, many = {BUFFER_MEMFD, 600, false};
  static const struct walk huge = {BUFFER_HUGETLB, 64, false}, undo = {BUFFER_MEMFD, 16, true};
  static const struct ktap_case cases[] = {
      {"register_16_pages", every_allocation_fails, &plain},
      {"register_600_pages", every_allocation_fails, &many},
      {"register_hugetlb", every_allocation_fails, &huge},
      {"unregister", every_allocation_fails, &undo},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
