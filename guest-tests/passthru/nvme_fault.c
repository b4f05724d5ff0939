// SPDX-License-Identifier: GPL-2.0
// Passthrough with each allocation failing in turn, also that of the last pages of the buffer, which do not
// exist yet: what was pinned by then is unpinned, once. Unpinning twice would show as more pages released
// than acquired, and as a bad page with DEBUG_VM.
#include <errno.h>
#include <string.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "nvme_shapes.h"
#include "pins.h"

enum { max_faults = 100, pages = 16, pieces = 4, fresh_pages = 4, limit_ms = 20000 };

struct walk {
  int (*submit)(const struct nvme* nvme, const struct nvme_io* io);  // NULL: by io_uring
  bool generic;
  bool vectors;
  int offset;
};

struct attempt {
  const struct walk* walk;
  struct nvme nvme;
  struct nvme_io io;
  struct buffer buffer;
  int refused;
};

// The fault is for the submission alone, and not for the waiting.
static int by_uring(struct attempt* a, int nth, bool* injected) {
  struct ring ring;
  struct io_uring_cqe cqe = {.res = -ENOMEM};
  if (!ring_open(&ring, 4, nvme_ring_flags)) return -EIO;
  nvme_uring_prepare(&a->nvme, &ring, &a->io, false);
  fault_nth_arm(nth);
  int taken = ring_try_submit(&ring);
  *injected = fault_nth_disarm();
  if (taken == 1) ring_reap(&ring, limit_ms, &cqe);
  ring_close(&ring);
  return cqe.res;
}

static bool attempt(void* context, int nth) {
  struct attempt* a = context;
  bool injected = false;
  int status;
  if (!buffer_renew_tail(&a->buffer, fresh_pages)) return false;
  if (a->walk->submit) {
    fault_nth_arm(nth);
    status = a->walk->submit(&a->nvme, &a->io);
    injected = fault_nth_disarm();
  } else {
    status = by_uring(a, nth, &injected);
  }
  a->refused += fault_refused(nth, injected, status);
  return injected;
}

static void every_allocation_fails(const void* arg) {
  const struct walk* walk = arg;
  struct attempt a = {.walk = walk};
  struct iovec vec[pieces];
  struct pins before;
  if (nvme_counted(0) < 0 || !fault_nth_ready()) return;
  // A memfd, for the oracle that sees a leak also where nothing is counted.
  if (!buffer_get(&a.buffer, BUFFER_MEMFD, (pages + 1) * page_bytes())) return;
  if (nvme_open(&a.nvme, DRIVE_RAW, 1, walk->generic)) {
    for (int i = 0; i < pieces; ++i)
      vec[i] = (struct iovec){a.buffer.addr + (size_t)(pages / pieces * i) * page_bytes(), page_bytes() * 2};
    a.io = walk->vectors
               ? (struct nvme_io){.addr = vec, .vectors = pieces}
               : (struct nvme_io){.addr = a.buffer.addr + walk->offset, .length = pages * page_bytes()};
    if (pins_begin(&before)) {
      int faults = fault_each(attempt, &a, max_faults);
      ktap_note("%d faults injected, %d commands refused", faults, a.refused);
      // The last attempt, without a fault, pins for certain; the others as far as they come.
      long long least = walk->offset % 4 ? 0 : nvme_counted(walk->vectors ? pieces * 2 : pages);
      pins_expect_at_least(&before, least, 0);
    }
    nvme_close(&a.nvme);
  }
  buffer_seal(&a.buffer);
  buffer_put(&a.buffer);
}

int main(void) {
  static const struct walk flat = {nvme_io_cmd, false, false, 0}, bounced = {nvme_io_cmd, false, false, 2};
  static const struct walk vec = {nvme_io64_cmd, true, true, 0}, uring = {NULL, true, false, 0};
  static const struct ktap_case cases[] = {
      {"io_cmd", every_allocation_fails, &flat},
      {"io_cmd_at_2_bounced", every_allocation_fails, &bounced},
      {"io64_cmd_vec", every_allocation_fails, &vec},
      {"uring_cmd", every_allocation_fails, &uring},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
