// SPDX-License-Identifier: GPL-2.0
// Fixed buffers that are removed while requests use them: unregistered, replaced in their slot, or closed
// with their ring. A suspended drive keeps the reads in flight without transferring data. Until then every
// page stays pinned; when the data has arrived, all are unpinned.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "held_device.h"
#include "ktap.h"
#include "patience.h"
#include "pins.h"
#include "ring.h"
#include "slow.h"
#include "uring.h"

enum { pages = 16, late_ms = 3000 };
enum how { UNREGISTERED, REPLACED, CLOSED };

static struct held_device drive = {.fd = -1, .place = {.fd = -1}, .loop = {.fd = -1}};  // for all cases

struct use {
  enum how how;
  struct ring ring;
  struct buffer buffer, other;
  struct pins before;
  pthread_t thread;
  bool threaded;
};

static void* unregister(void* arg) { return (void*)(intptr_t)uring_unregister(*(int*)arg); }

// Replaces slot 0 by `vec`; with NULL that fails, how depends on whether there are slots.
static int replace(const struct ring* ring, const struct iovec* vec) {
  struct io_uring_rsrc_update2 update = {.data = (uintptr_t)vec, .nr = 1};
  return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update)) ==
                 1
             ? 0
             : errno;
}

// A thread unregisters, which may have to wait for the reads. Back when the kernel has begun: the slots are
// out of reach then.
static bool unregister_aside(struct use* use) {
  use->threaded = pthread_create(&use->thread, NULL, unregister, &use->ring.fd) == 0;
  long long end = clock_ms() + patience_scaled(slow_answer_ms);
  while (use->threaded && replace(&use->ring, NULL) == EFAULT) {
    if (clock_ms() > end) return ktap_fail("the kernel does not start to unregister");
    sleep_ms(1);
  }
  return use->threaded || ktap_fail("no thread");
}

static void take_away(struct use* use) {
  struct iovec vec = {use->other.addr, use->other.size};
  struct pins now = use->before;
  int error = 0;
  if (use->how == UNREGISTERED)
    unregister_aside(use);
  else if (use->how == CLOSED)
    ring_close(&use->ring);
  else if ((error = replace(&use->ring, &vec)) != 0)
    ktap_fail("replacing a slot: %s", strerror(error));
  if (use->how == REPLACED)
    pins_expect_longterm(&use->before, pages);
  else if (pins_rest(&now) && now.released != use->before.released)
    ktap_fail("%lld pages unpinned during the reads", now.released - use->before.released);
}

static void reap(struct use* use) {
  struct io_uring_cqe cqe;
  void* error = NULL;
  for (int i = 0; i < slow_reads && use->ring.fd >= 0; ++i) {
    if (!ring_reap(&use->ring, slow_answer_ms, &cqe)) return;
    if (cqe.res != slow_bytes) ktap_fail("a read gave %d", cqe.res);
  }
  if (use->threaded) pthread_join(use->thread, &error);
  if (error) ktap_fail("unregistering: %s", strerror(-(int)(intptr_t)error));
}

static void expect_data(const struct buffer* buffer) {
  for (int i = 0; i < slow_reads; ++i) {
    unsigned char byte = 0;
    KTAP_REQUIRE(pread(buffer->fd, &byte, 1, (off_t)i * (off_t)page_bytes()) == 1 && byte == slow_fresh,
                 "read %d did not arrive", i);
  }
}

static void hold_and_release(struct use* use) {
  if (!held_device_hold(&drive)) return;
  bool started = slow_queue(&use->ring, drive.fd, &use->buffer) && held_device_await(&drive, slow_reads);
  if (started) {
    take_away(use);
    buffer_expect_held(&use->buffer);
    if (held_device_reads(&drive) != slow_reads)
      ktap_fail("the reads completed while their drive was suspended");
  }
  if (!held_device_release(&drive) || !started) return;
  reap(use);
  // 6.1 unpins the pages of a slot a second later, and a closed ring asynchronously.
  pins_await_released(&use->before, pages, late_ms);
  pins_expect(&use->before, 0, pages);
  expect_data(&use->buffer);
}

static void goes_in_flight(const void* arg) {
  struct use use = {.how = *(const enum how*)arg};
  if (drive.fd < 0 && !held_device_open(&drive, slow_fresh)) return;
  if (!buffer_get(&use.buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  memset(use.buffer.addr, slow_stale, use.buffer.size);
  if (buffer_get(&use.other, BUFFER_PAGES, pages * page_bytes()) && ring_open(&use.ring, 8, 0)) {
    int error =
        pins_begin(&use.before) ? uring_register(use.ring.fd, use.buffer.addr, use.buffer.size) : ENODATA;
    if (error)
      ktap_fail("registering: %s", strerror(error < 0 ? -error : error));
    else if (pins_expect_longterm(&use.before, pages))
      hold_and_release(&use);
    ring_close(&use.ring);
    if (use.how == REPLACED) pins_expect(&use.before, 0, pages);
    buffer_seal(&use.buffer);
  }
  buffer_put(&use.other);
  buffer_put(&use.buffer);
}

int main(void) {
  static const enum how unregistered = UNREGISTERED, replaced = REPLACED, closed = CLOSED;
  static const struct ktap_case cases[] = {
      {"closed_with_reads_in_flight", goes_in_flight, &closed},
      {"unregistered_with_reads_in_flight", goes_in_flight, &unregistered},
      {"replaced_with_reads_in_flight", goes_in_flight, &replaced},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  held_device_close(&drive);
  return code;
}
