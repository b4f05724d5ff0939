// SPDX-License-Identifier: GPL-2.0
// Fixed buffers: registering pins their pages, reading and writing through them adds no pin (the iterator
// consists of pages already, ITER_BVEC), unregistering releases all.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "fixed.h"
#include "ktap.h"
#include "pins.h"
#include "transfer.h"

struct fixed_shape {
  const char* name;
  enum buffer_kind kind;
  int pages, offset;       // what is registered
  int io_pages, io_bytes;  // what is transferred, from `io_offset` of it on
  int io_offset;
};

static const struct fixed_shape shapes[] = {
    {"16_pages", BUFFER_PAGES, 16, 0, 16, 0, 0},
    {"17_pages_from_512", BUFFER_PAGES, 16, 512, 16, 0, 0},
    {"inner_sectors", BUFFER_PAGES, 16, 0, 0, 1024, 1536},
    {"256_pages", BUFFER_PAGES, 256, 0, 256, 0, 0},
    {"memfd_16_pages", BUFFER_MEMFD, 16, 0, 7, 512, 512},
    {"thp_64_pages", BUFFER_THP, 64, 0, 33, 0, 1024},
    {"hugetlb_64_pages_from_2048", BUFFER_HUGETLB, 64, 2048, 32, 512, 512},
};
enum { shape_count = sizeof(shapes) / sizeof(shapes[0]) };

static size_t folio_of(const struct fixed_shape* shape) {
  return shape->kind == BUFFER_THP ? thp_bytes() : shape->kind == BUFFER_HUGETLB ? hugetlb_bytes() : 0;
}

static void transfer(const struct fixed_shape* shape, struct fixed* fixed, unsigned char* at, size_t length,
                     bool write, bool direct) {
  static unsigned seed = 1300;
  ++seed;
  if (write)
    pattern_fill(at, length, seed, 0);
  else if (!transfer_store(&drive_raw, length, seed))
    return;
  int fd = drive_raw.open(O_RDWR | (direct ? O_DIRECT : 0));
  if (fd < 0) return;
  if (pins_begin(&fixed->before)) {
    int opcode = write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED;
    int done = ring_transfer(&fixed->ring, opcode, fd, at, length, drive_raw.offset, 0);
    if (done != (int)length) ktap_fail("%s: %d of %zu bytes", shape->name, done, length);
    pins_expect(&fixed->before, 0, 0);
  }
  close(fd);
  if (write)
    transfer_compare(&drive_raw, length, seed);
  else if (pattern_check(at, length, seed, 0) >= 0)
    ktap_fail("wrong data");
}

static void fixed_shape(const void* arg) {
  const struct fixed_shape* shape = arg;
  struct buffer buffer;
  struct fixed fixed;
  long huge_before = hugetlb_free();
  size_t length = (size_t)shape->pages * page_bytes();
  if (!buffer_get(&buffer, shape->kind, length + (size_t)shape->offset)) return;
  unsigned char* at = buffer.addr + shape->offset;
  if (fixed_open(&fixed, at, length, folio_of(shape))) {
    size_t bytes = (size_t)shape->io_pages * page_bytes() + (size_t)shape->io_bytes;
    for (int i = 0; i < 4 && !ktap_failed(); ++i)
      transfer(shape, &fixed, at + shape->io_offset, bytes, i & 1, i & 2);
  }
  fixed_close(&fixed);
  if (shape->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (shape->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static struct ktap_case cases[shape_count];
  for (int i = 0; i < shape_count; ++i)
    cases[i] = (struct ktap_case){shapes[i].name, fixed_shape, &shapes[i]};
  return ktap_run(cases, shape_count);
}
