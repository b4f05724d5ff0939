// SPDX-License-Identifier: GPL-2.0
#include "hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "uring.h"

bool hold_prepare(struct hold* hold, void* addr, size_t length) {
  *hold = (struct hold){.device = -1, .addr = addr, .length = length, .ring = {.fd = -1}};
  if (!ring_open(&hold->ring, 4, 0)) return false;
  hold->device = memfd_create("device", MFD_CLOEXEC);
  if (hold->device < 0 || ftruncate(hold->device, (off_t)length) < 0)
    return ktap_fail("memfd: %s", strerror(errno));
  return pins_begin(&hold->before);
}

int hold_pin(struct hold* hold) {
  int error = uring_register(hold->ring.fd, hold->addr, hold->length);
  hold->registered = error == 0;
  return error;
}

bool hold_measure(struct hold* hold) {
  // How many of a huge page's pins io_uring releases at once is its own affair: at least one is held.
  struct pins after, before = hold->before;
  long long pages = (long long)pages_spanned(hold->addr, hold->length);
  pins_claim_at_least(pages);
  if (!pins_sample(&after)) return false;
  long long acquired = after.acquired - before.acquired, held = acquired - (after.released - before.released);
  ktap_note("registered: %lld pages pinned, %lld held of %lld", acquired, held, pages);
  return (acquired >= pages && held > 0 && held <= pages) ||
         ktap_fail("%lld pages pinned, %lld held, of %lld", acquired, held, pages);
}

bool hold_open(struct hold* hold, void* addr, size_t length) {
  if (!hold_prepare(hold, addr, length)) return false;
  int error = hold_pin(hold);
  return error ? ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error)) : hold_measure(hold);
}

bool hold_read(struct hold* hold, size_t offset, void* to, size_t length) {
  int done =
      ring_transfer(&hold->ring, IORING_OP_WRITE_FIXED, hold->device, hold->addr + offset, length, 0, 0);
  if (done != (int)length) return ktap_fail("WRITE_FIXED of %zu bytes gave %d", length, done);
  return pread(hold->device, to, length, 0) == (ssize_t)length ||
         ktap_fail("pread of a memfd: %s", strerror(errno));
}

bool hold_write(struct hold* hold, size_t offset, const void* from, size_t length) {
  if (pwrite(hold->device, from, length, 0) != (ssize_t)length)
    return ktap_fail("pwrite: %s", strerror(errno));
  int done =
      ring_transfer(&hold->ring, IORING_OP_READ_FIXED, hold->device, hold->addr + offset, length, 0, 0);
  return done == (int)length || ktap_fail("READ_FIXED of %zu bytes gave %d", length, done);
}

bool hold_check(struct hold* hold, size_t offset, size_t length, unsigned seed, const char* when) {
  unsigned char* seen = malloc(length);
  if (!seen) return ktap_fail("no memory");
  bool good = hold_read(hold, offset, seen, length);
  long at = good ? pattern_check(seen, length, seed, offset) : -1;
  free(seen);
  if (at >= 0) return ktap_fail("%s, byte %ld of the pinned pages is wrong", when, (long)offset + at);
  return good;
}

void hold_close(struct hold* hold) {
  if (hold->registered) {
    int error = uring_unregister(hold->ring.fd);
    if (error) ktap_fail("IORING_UNREGISTER_BUFFERS: %s", strerror(-error));
    // Everything that was pinned since hold_open() has been released, however often it was taken.
    pins_expect_at_least(&hold->before, 0, 0);
  }
  ring_close(&hold->ring);
  if (hold->device >= 0) close(hold->device);
  hold->device = -1;
  hold->registered = false;
}
