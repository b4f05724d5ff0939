// SPDX-License-Identifier: GPL-2.0
// A direct write to a 9p share with each allocation failing in turn, also that of the list of pages that go
// to the server (net/9p/trans_virtio.c p9_virtio_zc_request()): it fails for lack of memory or is repeated,
// and sends nothing else than what was to be written.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "place.h"

enum { pages = 16, seed = 125, old = 0x5a, limit = 400 };

struct state {
  struct place place;
  struct buffer buffer, seen;
  int refused;
};

static bool write_with_fault(void* context, int nth) {
  struct state* s = context;
  if (!fault_nth_arm(nth)) return false;
  const ssize_t done = pwrite(s->place.fd, s->buffer.addr, s->buffer.size, 0);
  // netfs may report that no byte was written, instead of the error.
  const int status = done < 0 ? -errno : done == 0 ? -ENOMEM : 0;
  const bool injected = fault_nth_disarm();
  if (done > 0 && done != (ssize_t)s->buffer.size) ktap_fail("fault %d: %zd bytes", nth, done);
  s->refused += fault_refused(nth, injected, status);
  // The error of a write that succeeds when it is repeated is reported to the next one
  // (netfs_collect_write_results()): it is taken away.
  fsync(s->place.fd);
  return injected;
}

static void each_allocation(const void* arg) {
  struct state s = {.buffer = {.fd = -1}, .seen = {.fd = -1}};
  struct pins before;
  (void)arg;
  if (fault_nth_ready() && place_open(&s.place, PLACE_9P, false, old) &&
      buffer_get(&s.buffer, BUFFER_PAGES, pages * page_bytes()) &&
      buffer_get(&s.seen, BUFFER_PAGES, s.buffer.size) && pins_begin(&before)) {
    pattern_fill(s.buffer.addr, s.buffer.size, seed, 0);
    const int faults = fault_each(write_with_fault, &s, limit);
    ktap_note("%d faults, %d times refused", faults, s.refused);
    pins_expect_at_least(&before, 0, 0);
    if (pread(s.place.fd, s.seen.addr, s.seen.size, 0) != (ssize_t)s.seen.size)
      ktap_fail("reading it: %s", strerror(errno));
    if (pattern_check(s.seen.addr, s.seen.size, seed, 0) >= 0) ktap_fail("something else was written");
  }
  buffer_put(&s.buffer);
  buffer_put(&s.seen);
  place_close(&s.place);
}

int main(void) {
  static const struct ktap_case cases[] = {{"each_allocation_fails", each_allocation, NULL}};
  return ktap_run(cases, 1);
}
