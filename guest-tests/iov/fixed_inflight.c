// SPDX-License-Identifier: GPL-2.0
// Fixed buffers that go while requests still use them. The throttled drive holds reads back before it moves
// their data, so that the pages have to stay until it has: unregistering waits, and a slot that is replaced
// gives its pages back later.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "ring.h"
#include "slow.h"
#include "uring.h"

enum { pages = 16, late_ms = 3000 };

static void* unregister(void* arg) { return (void*)(intptr_t)uring_unregister(*(int*)arg); }

static bool reap_all(struct ring* ring) {
  struct io_uring_cqe cqe;
  for (int i = 0; i < slow_reads; ++i) {
    if (!ring_reap(ring, slow_answer_ms, &cqe)) return false;
    if (cqe.res != slow_bytes) return ktap_fail("a read gave %d", cqe.res);
  }
  return true;
}

static void check_data(const struct buffer* buffer) {
  for (int i = 0; i < slow_reads; ++i)
    KTAP_REQUIRE(buffer->addr[(size_t)i * page_bytes()] == slow_fresh, "read %d did not arrive", i);
}

// A thread unregisters while the reads wait: it returns after them, and then nothing is pinned.
static void unregister_waits(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct ring ring;
  struct pins before;
  pthread_t thread;
  void* error = NULL;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  int fd = slow_open(&buffer);
  struct pins settled;
  if (fd >= 0 && ring_open(&ring, 8, 0)) {
    if (pins_begin(&before) && uring_register(ring.fd, buffer.addr, buffer.size) == 0) {
      pins_expect_longterm(&before, pages);
      settled = before;
      if (slow_queue(&ring, fd, &buffer) && pthread_create(&thread, NULL, unregister, &ring.fd) == 0) {
        pins_sample(&settled);
        bool early = settled.released != before.released;
        bool good = reap_all(&ring);
        pthread_join(thread, &error);
        if (early && good) ktap_note("the drive had answered before anybody looked");
        if (error) ktap_fail("unregistering: %s", strerror(-(int)(intptr_t)error));
        pins_expect(&before, 0, pages);
        check_data(&buffer);
      }
    }
    ring_close(&ring);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

// The slot gets another area: the new one is pinned at once, the old one given back when its reads are
// through.
static void replaced_slot_waits(const void* arg) {
  (void)arg;
  struct buffer buffer, other;
  struct ring ring;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&other, BUFFER_PAGES, pages * page_bytes())) return;
  int fd = slow_open(&buffer);
  if (fd >= 0 && ring_open(&ring, 8, 0)) {
    if (pins_begin(&before) && uring_register(ring.fd, buffer.addr, buffer.size) == 0) {
      pins_expect_longterm(&before, pages);
      struct iovec vec = {other.addr, other.size};
      struct io_uring_rsrc_update2 update = {.data = (uintptr_t)&vec, .nr = 1};
      if (slow_queue(&ring, fd, &buffer)) {
        if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS_UPDATE, &update,
                    sizeof(update)) != 1)
          ktap_fail("replacing a slot: %s", strerror(errno));
        reap_all(&ring);
        check_data(&buffer);
        pins_await_released(&before, pages, late_ms);
        pins_expect_held(&before, pages, 0);
      }
    }
    ring_close(&ring);
    pins_expect(&before, 0, pages);
  }
  if (fd >= 0) close(fd);
  buffer_put(&other);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"unregister_waits_for_reads", unregister_waits, NULL},
      {"replaced_slot_waits_for_reads", replaced_slot_waits, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
