// SPDX-License-Identifier: GPL-2.0
// Releases that happen after the call that seems to end an operation: the reason why the ledger waits for the
// balance and never reads it just once. Each must happen by itself, in a bounded time.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "uring.h"

enum { pages = 16, rounds = 32, answer_ms = 10000 };

// blkdev_bio_end_io_async() completes the request before it releases the pages.
static void after_completion(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before, now;
  struct aio aio;
  int late = 0;
  long long counted = drive_pages(pages);
  if (counted < 0 || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  int fd = drive_raw.open(O_RDONLY | O_DIRECT);
  if (fd >= 0 && pins_begin(&before) && aio_open(&aio, 1)) {
    struct pins first = before;
    for (int i = 0; i < rounds; ++i) {
      long result = 0;
      aio_read(&aio, fd, buffer.addr, buffer.size, drive_raw.offset, 1);
      if (aio_reap(&aio, answer_ms, &result) == 0 || result != (long)buffer.size)
        ktap_fail("a read gave %ld", result);
      if (!pins_sample(&now)) break;
      late += now.acquired - first.acquired != now.released - first.released;
    }
    aio_close(&aio);
    ktap_note("%d of %d reads were reported done while their pages were still pinned", late, rounds);
    pins_expect(&before, rounds * counted, rounds * counted);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

// A ring unpins its buffers from a work queue, some time after close().
static void after_ring_exit(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    int error = uring_register(ring, buffer.addr, buffer.size);
    if (error) ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
    pins_expect_longterm(&before, pages);
    close(ring);
    ring = -1;
    pins_expect(&before, 0, pages);
  }
  if (ring >= 0) close(ring);
  buffer_put(&buffer);
}

// So does a process that dies with one.
static void after_process_exit(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct rendezvous ready;
  struct pins before;
  unsigned char byte = 0;
  if (!rendezvous_open(&ready) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) ||
      !pins_begin(&before))
    return;
  pid_t child = proc_fork();
  if (child == 0) {
    // Its own pages, so that nothing has to be unshared.
    memset(buffer.addr, 1, buffer.size);
    int ring = uring_open();
    byte = ring >= 0 && uring_register(ring, buffer.addr, buffer.size) == 0;
    rendezvous_send(&ready, byte);
    _exit(0);
  }
  if (child > 0) {
    if (!rendezvous_wait(&ready, &byte, answer_ms) || !byte)
      ktap_fail("the child could not register a buffer");
    if (proc_reap(child, answer_ms) != 0) ktap_fail("the child did not end by itself");
    pins_expect_at_least(&before, pages, 0);
  }
  rendezvous_close(&ready);
  buffer_put(&buffer);
}

// io_uring on a raw drive, above what one bio takes (BIO_MAX_VECS): an attempt that must not wait pins a bio
// full of pages, gives up with EAGAIN, and a worker pins all of them. Whoever counts acquired pages must
// allow for it; nothing stays. Every second page of the buffer, because neighbours that lie side by side in
// memory share an entry, and all would fit.
static void retry_pins_again(const void* arg) {
  enum { requested = 512, of_one_bio = 256, seed = 4 };
  static struct iovec vec[requested];
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct ring ring;
  const size_t page = page_bytes(), length = requested * page;
  long long counted = drive_pages(requested), given_up = drive_pages(of_one_bio);
  if (counted < 0 || !buffer_get(&buffer, BUFFER_PAGES, 2 * length)) return;
  for (size_t i = 0; i < requested; ++i) vec[i] = (struct iovec){buffer.addr + 2 * i * page, page};
  int fd = transfer_store(&drive_raw, length, seed) ? drive_raw.open(O_RDONLY | O_DIRECT) : -1;
  if (fd >= 0 && ring_open(&ring, 1, 0)) {
    if (pins_begin(&before)) {
      int done = ring_transfer(&ring, IORING_OP_READV, fd, vec, requested, drive_raw.offset, 0);
      if (done != (int)length) ktap_fail("reading %zu bytes gave %d", length, done);
      // Fewer: no attempt was given up, and what this case is for was not reached.
      pins_expect_at_least(&before, counted + given_up, 0);
      for (size_t i = 0; i < requested && !ktap_failed(); ++i)
        if (pattern_check(vec[i].iov_base, page, seed, i * page) >= 0) ktap_fail("wrong data in page %zu", i);
    }
    ring_close(&ring);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"aio_completion", after_completion, NULL},
      {"io_uring_exit", after_ring_exit, NULL},
      {"process_exit", after_process_exit, NULL},
      {"io_uring_retry", retry_pins_again, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
