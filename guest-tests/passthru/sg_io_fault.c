// SPDX-License-Identifier: GPL-2.0
// SG_IO with each allocation failing in turn, also that of the last pages of the buffer, which do not exist
// yet: what was pinned by then is unpinned, once.
#include "fault.h"
#include "ktap.h"
#include "nvme.h"
#include "pins.h"
#include "scsi_pieces.h"

enum { max_faults = 200, fresh_pages = 4 };

struct attempt {
  struct scsi scsi;
  struct scsi_io io;
  struct buffer buffer;
  int refused;
};

static bool attempt(void* context, int nth) {
  struct attempt* a = context;
  if (!buffer_renew_tail(&a->buffer, fresh_pages)) return false;
  fault_nth_arm(nth);
  int status = scsi_transfer(&a->scsi, &a->io, NULL);
  bool injected = fault_nth_disarm();
  a->refused += fault_refused(nth, injected, status);
  return injected;
}

static void every_allocation_fails(const void* arg) {
  const struct pieces* pieces = arg;
  struct attempt a = {0};
  struct iovec vec[pieces_most];
  struct pins before;
  long long pages;
  if (caps_dio_passthru() == MODE_UNKNOWN || !fault_nth_ready() || !scsi_open(&a.scsi, SCSI_BLOCK)) return;
  if (buffer_get(&a.buffer, pieces->kind, pieces_extent(pieces))) {
    pieces_lay_out(pieces, &a.buffer, vec, &pages);
    a.io = (struct scsi_io){.addr = vec, .vectors = (unsigned)pieces->count, .offset = scsi_target.offset};
    if (pieces->count == 1)
      a.io =
          (struct scsi_io){.addr = vec[0].iov_base, .length = vec[0].iov_len, .offset = scsi_target.offset};
    if (pins_begin(&before)) {
      int faults = fault_each(attempt, &a, max_faults);
      ktap_note("%d faults injected, %d commands refused", faults, a.refused);
      // The last attempt, without a fault, takes all of it for certain; the others as far as they come.
      pins_expect_at_least(&before, pieces->copied || caps_dio_passthru() != MODE_PIN ? 0 : pages, 0);
    }
    buffer_seal(&a.buffer);
    buffer_put(&a.buffer);
  }
  scsi_close(&a.scsi);
}

int main(void) {
  static const struct pieces shapes[] = {
      {"flat", BUFFER_MEMFD, 1, {{0, 0, 16, 0}}, false},
      {"copied", BUFFER_MEMFD, 1, {{0, 1, 4, 0}}, true},
      {"iov_with_gaps",
       BUFFER_MEMFD,
       4,
       {{0, 0, 0, 512}, {0, 2048, 0, 512}, {2, 512, 2, 0}, {6, 0, 1, 0}},
       false},
  };
  static const struct ktap_case cases[] = {
      {"flat", every_allocation_fails, &shapes[0]},
      {"copied", every_allocation_fails, &shapes[1]},
      {"iov_with_gaps", every_allocation_fails, &shapes[2]},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
