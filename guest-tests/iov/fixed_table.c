// SPDX-License-Identifier: GPL-2.0
// The table of fixed buffers changed while the ring lives: slots filled, replaced and emptied one by one
// (IORING_REGISTER_BUFFERS_UPDATE), and shared with another ring (IORING_REGISTER_CLONE_BUFFERS, since 6.12).
// A replaced slot unpins its pages as soon as no request uses it; a clone keeps them until both rings have
// released it.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "ring.h"
#include "uring.h"

enum { slots = 4, pages = 16, late_ms = 3000 };

static long change(int ring, unsigned code, void* arg, unsigned size) {
  return syscall(SYS_io_uring_register, ring, code, arg, size) < 0 ? -errno : 0;
}

static long register_empty(int ring) {
  struct io_uring_rsrc_register request = {.nr = slots, .flags = IORING_RSRC_REGISTER_SPARSE};
  return change(ring, IORING_REGISTER_BUFFERS2, &request, sizeof(request));
}

// 1, the number of slots done, or -errno. An empty memory area empties the slot.
static long set_slot(int ring, unsigned slot, void* addr, size_t length) {
  struct iovec vec = {addr, length};
  struct io_uring_rsrc_update2 update = {.offset = slot, .data = (uintptr_t)&vec, .nr = 1};
  long done = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update));
  return done < 0 ? -errno : done;
}

static void slots_one_by_one(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  size_t part = pages * page_bytes();
  if (!buffer_get(&buffer, BUFFER_MEMFD, (slots + 1) * part)) return;
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    long error = register_empty(ring);
    if (error == -EINVAL) ktap_skip("no sparse tables of fixed buffers (since 5.19)");
    if (error && error != -EINVAL) ktap_fail("IORING_REGISTER_BUFFERS2: %s", strerror((int)-error));
    if (error == 0) {
      pins_expect(&before, 0, 0);
      for (unsigned i = 0; i < slots; ++i)
        if (set_slot(ring, i, buffer.addr + i * part, part) != 1) ktap_fail("filling slot %u", i);
      pins_expect_longterm(&before, slots * pages);
      // Replaced by another area: one more pinned, the old one released.
      if (set_slot(ring, 1, buffer.addr + slots * part, part) != 1) ktap_fail("replacing slot 1");
      // Up to 6.3 what a slot held is released by a work item that starts a second later.
      pins_await_released(&before, pages, late_ms);
      pins_expect_held(&before, pages, 0);
      if (set_slot(ring, 2, NULL, 0) != 1) ktap_fail("emptying slot 2");
      pins_await_released(&before, pages, late_ms);
      pins_expect(&before, 0, pages);
      // What cannot be pinned leaves the table as it is, or the slot empty: never more pinned than before.
      if (set_slot(ring, 2, (void*)page_bytes(), part) != -EFAULT) ktap_fail("an unmapped area was accepted");
      pins_expect(&before, 0, 0);
      if (uring_unregister(ring) != 0) ktap_fail("unregistering");
      pins_expect(&before, 0, (slots - 1) * pages);
    }
  }
  if (ring >= 0) close(ring);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

static bool clone_works(int target, int source) {
  const int error = uring_clone(target, source);
  if (error == -EINVAL) return ktap_skip("no cloning of fixed buffers (since 6.12)");
  return error == 0 || ktap_fail("IORING_REGISTER_CLONE_BUFFERS: %s", strerror(-error));
}

// `arg`: not NULL when the clone goes first.
static void clone_shares(const void* arg) {
  struct buffer buffer;
  struct pins before;
  struct ring clone;
  size_t part = pages * page_bytes();
  if (!buffer_get(&buffer, BUFFER_MEMFD, part)) return;
  int ring = uring_open();
  if (ring >= 0 && ring_open(&clone, 4, 0)) {
    if (pins_begin(&before)) {
      int error = uring_register(ring, buffer.addr, part);
      if (error) ktap_fail("registering: %s", strerror(-error));
      pins_expect_longterm(&before, pages);
      if (clone_works(clone.fd, ring)) {
        pins_expect(&before, 0, 0);
        if (arg == NULL) {
          close(ring);
          ring = -1;
          pins_expect(&before, 0, 0);
          // The pages still serve the clone.
          int done = ring_transfer(&clone, IORING_OP_WRITE_FIXED, buffer.fd, buffer.addr + 1, 100, 2000, 0);
          if (done != 100 || memcmp(buffer.addr + 2000, buffer.addr + 1, 100) != 0)
            ktap_fail("writing through the clone gave %d", done);
        }
      }
      ring_close(&clone);
      if (arg && ring >= 0) pins_expect(&before, 0, 0);
      if (ring >= 0) close(ring);
      ring = -1;
      pins_expect(&before, 0, pages);
    }
    ring_close(&clone);
  }
  if (ring >= 0) close(ring);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"slots_one_by_one", slots_one_by_one, NULL},
      {"clone_outlives_source", clone_shares, NULL},
      {"clone_goes_first", clone_shares, "clone"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
