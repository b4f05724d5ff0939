// SPDX-License-Identifier: GPL-2.0
// Fixed buffers that go while requests still use them. The throttled drive holds reads back before it moves their data, so
// that the pages have to stay until it has: unregistering waits, a slot that is replaced gives its pages back later, and
// the end of the process as well. A few requests a second are what the drive answers, hence few cases.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "uring.h"

enum { reads = 4, sector = 512, fresh = 0xc3, stale = 0x11, pages = 16, answer_ms = 20000, late_ms = 3000 };

static bool queue_reads(struct ring* ring, int fd, const struct buffer* buffer) {
  for (int i = 0; i < reads; ++i) {
    struct io_uring_sqe* sqe = ring_next(ring);
    sqe->opcode = IORING_OP_READ_FIXED;
    sqe->fd = fd;
    sqe->addr = (uintptr_t)(buffer->addr + (size_t)i * page_bytes());
    sqe->len = sector;
    sqe->user_data = 1;
  }
  return ring_submit(ring);
}

// The drive is filled with `fresh` where it is read. Not through the page cache, whose readahead would use up its answers.
static int open_slow(struct buffer* buffer) {
  int fd = device_open(DRIVE_SLOW, 1, O_RDWR | O_DIRECT);
  if (fd < 0) return -1;
  pins_claim_exact(caps_dio_bdev() == MODE_PIN ? 1 : 0);
  memset(buffer->addr, fresh, sector);
  if (pwrite(fd, buffer->addr, sector, 0) != sector) ktap_fail("preparing the slow drive: %s", strerror(errno));
  memset(buffer->addr, stale, buffer->size);
  return fd;
}

static void* unregister(void* arg) {
  return (void*)(intptr_t)uring_unregister(*(int*)arg);
}

static bool reap_all(struct ring* ring) {
  struct io_uring_cqe cqe;
  for (int i = 0; i < reads; ++i) {
    if (!ring_reap(ring, answer_ms, &cqe)) return false;
    if (cqe.res != sector) return ktap_fail("a read gave %d", cqe.res);
  }
  return true;
}

static void check_data(const struct buffer* buffer) {
  for (int i = 0; i < reads; ++i)
    KTAP_REQUIRE(buffer->addr[(size_t)i * page_bytes()] == fresh, "read %d did not arrive", i);
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
  int fd = open_slow(&buffer);
  struct pins settled;
  if (fd >= 0 && ring_open(&ring, 8, 0)) {
    if (pins_begin(&before) && uring_register(ring.fd, buffer.addr, buffer.size) == 0) {
      pins_expect_longterm(&before, pages);
      settled = before;
      if (queue_reads(&ring, fd, &buffer) && pthread_create(&thread, NULL, unregister, &ring.fd) == 0) {
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

// The slot gets another area: the new one is pinned at once, the old one given back when its reads are through.
static void replaced_slot_waits(const void* arg) {
  (void)arg;
  struct buffer buffer, other;
  struct ring ring;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&other, BUFFER_PAGES, pages * page_bytes())) return;
  int fd = open_slow(&buffer);
  if (fd >= 0 && ring_open(&ring, 8, 0)) {
    if (pins_begin(&before) && uring_register(ring.fd, buffer.addr, buffer.size) == 0) {
      pins_expect_longterm(&before, pages);
      struct iovec vec = {other.addr, other.size};
      struct io_uring_rsrc_update2 update = {.data = (uintptr_t)&vec, .nr = 1};
      if (queue_reads(&ring, fd, &buffer)) {
        if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update)) != 1)
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

// A process that is killed with reads under way.
static void killed_in_flight(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct rendezvous ready;
  unsigned char byte = 0;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) || !rendezvous_open(&ready)) return;
  int fd = open_slow(&buffer);
  pid_t child = fd >= 0 && pins_begin(&before) ? proc_fork() : -1;
  if (child == 0) {
    struct ring ring;
    bool good = ring_open(&ring, 8, 0) && uring_register(ring.fd, buffer.addr, buffer.size) == 0 && queue_reads(&ring, fd, &buffer);
    rendezvous_send(&ready, good ? 1 : 2);
    for (;;) pause();
  }
  if (child > 0) {
    if (!rendezvous_wait(&ready, &byte, answer_ms) || byte != 1) ktap_fail("the child could not start its reads");
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED);
    // The drive answers up to two seconds later, and so long the pages are held.
    pins_await_released(&before, pages, answer_ms);
    pins_expect_held(&before, pages, 0);
  }
  if (fd >= 0) close(fd);
  rendezvous_close(&ready);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// A process that ends by itself without unregistering.
static void exit_releases(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    int ring = uring_open();
    _exit(ring >= 0 && uring_register(ring, buffer.addr, buffer.size) == 0 ? 0 : 1);
  }
  int code = proc_reap(child, answer_ms);
  if (code != 0) ktap_fail("the child ended with %d", code);
  pins_expect_held(&before, pages, 0);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"unregister_waits_for_reads", unregister_waits, NULL},
      {"replaced_slot_waits_for_reads", replaced_slot_waits, NULL},
      {"killed_with_reads_in_flight", killed_in_flight, NULL},
      {"exit_without_unregister", exit_releases, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
