// SPDX-License-Identifier: GPL-2.0
// io_uring commands into a registered buffer (IORING_URING_CMD_FIXED, since 6.1): its pages are pinned by the
// registration, and the command adds no pins. At most 64 pages are registered: 6.1 refuses a command on a
// buffer with more segments than the drive accepts, even if the command uses only a few.
#include <errno.h>
#include <string.h>

#include "buffers.h"
#include "ktap.h"
#include "nvme_shapes.h"
#include "pins.h"
#include "transfer.h"
#include "uring.h"

enum { registered = 64, moved = 16 };

struct fixed_case {
  enum buffer_kind kind;
  bool write;
  int pages, offset;  // where in the buffer the command begins
  bool outside;       // the memory is not in the buffer: refused
};

static void command(const struct fixed_case* c, struct ring* ring, const struct buffer* buffer,
                    unsigned seed) {
  struct nvme nvme;
  struct pins before;
  size_t length = moved * page_bytes();
  unsigned char* at = buffer->addr + (size_t)c->pages * page_bytes() + (size_t)c->offset;
  struct nvme_io io = {.write = c->write, .addr = at, .length = length, .offset = nvme_target.offset};
  if (!nvme_open(&nvme, DRIVE_RAW, 1, true)) return;
  if (c->write) pattern_fill(at, length, seed, 0);
  if (pins_begin(&before)) {
    int status = nvme_uring_cmd(&nvme, ring, &io, true);
    if (c->outside ? status != -EFAULT : status != 0) ktap_fail("the command gave %d", status);
    pins_expect(&before, 0, 0);
  }
  if (!c->outside && !c->write && pattern_check(at, length, seed, 0) >= 0) ktap_fail("wrong data");
  if (!c->outside && c->write) transfer_compare(&nvme_target, length, seed);
  nvme_close(&nvme);
}

static void through_registered_buffer(const void* arg) {
  static unsigned seed = 700;
  const struct fixed_case* c = arg;
  struct ring ring;
  struct buffer buffer;
  struct pins before;
  long huge_before = hugetlb_free();
  size_t length = registered * page_bytes();
  if (!ring_open(&ring, 4, nvme_ring_flags)) return;
  ++seed;
  if (buffer_get(&buffer, c->kind, length + moved * page_bytes()) &&
      transfer_store(&nvme_target, moved * page_bytes(), seed) && pins_begin(&before)) {
    int error = uring_register(ring.fd, buffer.addr, length);
    if (error)
      ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
    else
      command(c, &ring, &buffer, seed);
    ring_close(&ring);
    // What coalescing releases at once is iov/fixed_coalesce's concern.
    pins_expect_at_least(&before, registered, 0);
    if (c->kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
    if (c->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  ring_close(&ring);
}

int main(void) {
  static const struct fixed_case read = {BUFFER_PAGES, false, 0, 0, false},
                                 write = {BUFFER_PAGES, true, 0, 0, false};
  static const struct fixed_case inner = {BUFFER_PAGES, false, 7, 512, false},
                                 last = {BUFFER_PAGES, true, registered - moved, 0, false};
  static const struct fixed_case memfd = {BUFFER_MEMFD, false, 3, 0, false},
                                 huge = {BUFFER_HUGETLB, true, 3, 512, false};
  static const struct fixed_case outside = {BUFFER_MEMFD, false, registered - moved + 1, 0, true};
  static const struct ktap_case cases[] = {
      {"read", through_registered_buffer, &read},
      {"write", through_registered_buffer, &write},
      {"read_at_7_pages_512", through_registered_buffer, &inner},
      {"write_last_pages", through_registered_buffer, &last},
      {"memfd_read", through_registered_buffer, &memfd},
      {"hugetlb_write_at_3_pages_512", through_registered_buffer, &huge},
      {"beyond_the_buffer_refused", through_registered_buffer, &outside},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
