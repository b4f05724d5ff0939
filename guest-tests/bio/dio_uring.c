// SPDX-License-Identifier: GPL-2.0
// Direct I/O by io_uring. A request that is a single one for the drive is pinned once. One that must be
// split, because of its length, its segments or a gap, is pinned by io_uring's nowait attempt, which fails
// (bio_split_rw(), or __blkdev_direct_IO() above 256 pages), and then again by a worker: at least that many
// pins, and none left.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "ring.h"
#include "transfer.h"

enum { answer_ms = 20000, queue = 32, queue_pages = 3, in_flight = 3 };

static void prepare(struct ring* ring, int opcode, int fd, const void* addr, size_t length, off_t offset) {
  struct io_uring_sqe* sqe = ring_next(ring);
  sqe->opcode = (unsigned char)opcode;
  sqe->fd = fd;
  sqe->addr = (unsigned long)addr;
  sqe->len = (unsigned)length;
  sqe->off = (unsigned long long)offset;
}

// A single segment as READ or WRITE, several as READV or WRITEV.
static ssize_t carry(int fd, const struct iovec* vec, int count, off_t offset, bool write) {
  struct ring ring;
  struct io_uring_cqe cqe = {.res = -ETIME};
  if (!ring_open(&ring, 4, 0)) return -1;
  if (count == 1)
    prepare(&ring, write ? IORING_OP_WRITE : IORING_OP_READ, fd, vec->iov_base, vec->iov_len, offset);
  else
    prepare(&ring, write ? IORING_OP_WRITEV : IORING_OP_READV, fd, vec, (size_t)count, offset);
  if (ring_submit(&ring)) ring_reap(&ring, answer_ms, &cqe);
  ring_close(&ring);
  errno = cqe.res < 0 ? -cqe.res : 0;
  return cqe.res < 0 ? -1 : cqe.res;
}

static bool is_split(const struct shape* shape, size_t length) {
  char path[300];
  bool found = device_find(DRIVE_RAW, 1, path, sizeof(path));
  long kb = found ? device_queue_attribute(path, "max_sectors_kb") : -1;
  // Each page may be a segment of its own; NVMe of 6.1 takes 127.
  long segments = found ? device_queue_attribute(path, "max_segments") : -1;
  size_t pages = (shape->offset + length + page_bytes() - 1) / page_bytes();
  // The drive's requests have no holes but between whole pages (virt_boundary_mask).
  bool gap =
      shape->segments > 1 && (shape->stride_bytes != 0 || (shape->stride_pages == 1 && shape->offset != 0));
  // On 7.3 segments that touch are not joined: each is a vector of the bio, which has room for 256.
  return gap || shape->segments > 256 || kb <= 0 || length > (size_t)kb << 10 || segments <= 0 ||
         pages > (size_t)segments || length > 256 * page_bytes();
}

static void queue_of_reads(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct ring ring;
  struct io_uring_cqe cqe;
  size_t piece = queue_pages * page_bytes();
  long long pages = drive_pages(queue * queue_pages);
  if (pages < 0 || !buffer_get(&buffer, BUFFER_PAGES, queue * piece)) return;
  int fd = transfer_store(&drive_raw, buffer.size, 8) ? drive_raw.open(O_RDONLY | O_DIRECT) : -1;
  if (fd >= 0 && ring_open(&ring, queue, 0)) {
    if (pins_begin(&before)) {
      for (size_t i = 0; i < queue; ++i)
        prepare(&ring, IORING_OP_READ, fd, buffer.addr + i * piece, piece,
                drive_raw.offset + (off_t)(i * piece));
      bool good = ring_submit(&ring);
      for (int i = 0; i < queue && good; ++i) {
        good = ring_reap(&ring, answer_ms, &cqe);
        if (good && cqe.res != (int)piece) ktap_fail("a request gave %d", cqe.res);
      }
      // A drive whose queue is full sends a request to a worker, which pins again.
      pins_expect_at_least(&before, pages, 0);
      long bad = pattern_check(buffer.addr, buffer.size, 8, 0);
      if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
    }
    ring_close(&ring);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

// The ring is closed and the memory given up while the drive still holds the requests.
static void closed_in_flight(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct ring ring;
  long long pages = drive_pages(in_flight);
  int fd = pages < 0 ? -1 : device_open(DRIVE_SLOW, 1, O_RDONLY | O_DIRECT);
  if (fd < 0) return;
  if (buffer_get(&buffer, BUFFER_MEMFD, in_flight * page_bytes())) {
    if (ring_open(&ring, in_flight, 0)) {
      bool ready = pins_begin(&before);
      for (unsigned i = 0; i < in_flight; ++i)
        prepare(&ring, IORING_OP_READ, fd, buffer.addr + i * page_bytes(), page_bytes(), 0);
      if (ready && ring_submit(&ring)) device_expect_in_flight(DRIVE_SLOW, 1);
      ring_close(&ring);
      if (ready) {
        pins_expect(&before, pages, pages);
        buffer_seal(&buffer);
      }
    }
    buffer_put(&buffer);
  }
  close(fd);
}

int main(void) {
  static struct target target;
  static struct ktap_case cases[128] = {
      {"32_reads_in_flight", queue_of_reads, NULL},
      {"ring_closed_in_flight", closed_in_flight, NULL},
  };
  target = drive_raw;
  target.carry = carry;
  target.may_repeat = is_split;
  return ktap_run(cases, transfer_cases(cases, 2, 128, &target, "", NULL));
}
