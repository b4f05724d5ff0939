// SPDX-License-Identifier: GPL-2.0
// Direct I/O by libaio (__blkdev_direct_IO_async and, beyond 256 pages, __blkdev_direct_IO): the pins outlive
// the system call and are released by the completion, after it has woken the waiter.
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "transfer.h"

// Of two requests at once the slow drive has one to wait.
enum { answer_ms = 20000, queue = 32, queue_pages = 3, in_flight = 2 };

// One for all shapes: to destroy one waits for RCU.
static struct aio shapes;

static ssize_t carry(int fd, const struct iovec* vec, int count, off_t offset, bool write) {
  long result = -ETIME;
  if (!shapes.context && !aio_open(&shapes, 1)) return -1;
  if (aio_submit(&shapes, write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV, fd, vec, (size_t)count, offset, 1))
    aio_reap(&shapes, answer_ms, &result);
  errno = result < 0 ? (int)-result : 0;
  return result < 0 ? -1 : result;
}

// Many requests of one context at once, each of its own pages.
static void queue_of_reads(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct aio aio;
  size_t piece = queue_pages * page_bytes();
  long long pages = drive_pages(queue * queue_pages);
  if (pages < 0 || !buffer_get(&buffer, BUFFER_PAGES, queue * piece)) return;
  int fd = transfer_store(&drive_raw, buffer.size, 7) ? drive_raw.open(O_RDONLY | O_DIRECT) : -1;
  if (fd >= 0 && pins_begin(&before) && aio_open(&aio, queue)) {
    for (size_t i = 0; i < queue; ++i)
      aio_read(&aio, fd, buffer.addr + i * piece, piece, drive_raw.offset + (off_t)(i * piece),
               (unsigned)i + 1);
    while (aio.in_flight > 0) {
      long result = 0;
      unsigned tag = aio_reap(&aio, answer_ms, &result);
      if (tag == 0 || result != (long)piece) ktap_fail("request %u gave %ld", tag, result);
      if (tag == 0) break;
    }
    aio_close(&aio);
    pins_expect(&before, pages, pages);
    long bad = pattern_check(buffer.addr, buffer.size, 7, 0);
    if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

// The context is destroyed, and the memory unmapped, while the drive still holds the requests: the pages stay
// pinned until they are answered, and then go.
static void destroyed_in_flight(const void* arg) {
  bool unmap = arg != NULL;
  struct buffer buffer;
  struct pins before;
  struct aio aio;
  long long pages = drive_pages(in_flight);
  int fd = pages < 0 ? -1 : device_open(DRIVE_SLOW, 1, O_RDONLY | O_DIRECT);
  if (fd < 0) return;
  if (buffer_get(&buffer, BUFFER_MEMFD, in_flight * page_bytes())) {
    if (pins_begin(&before) && aio_open(&aio, in_flight)) {
      for (unsigned i = 0; i < in_flight; ++i)
        aio_read(&aio, fd, buffer.addr + i * page_bytes(), page_bytes(), 0, 1);
      device_expect_in_flight(DRIVE_SLOW, 1);
      if (unmap) {
        munmap(buffer.map, buffer.map_size);
        buffer.map = MAP_FAILED;
      }
      aio_close(&aio);
      pins_expect(&before, pages, pages);
      if (unmap) buffer_seal(&buffer);
    }
    buffer_put(&buffer);
  }
  close(fd);
}

int main(void) {
  static struct target target;
  static struct ktap_case cases[128] = {
      {"32_reads_in_flight", queue_of_reads, NULL},
      {"context_destroyed_in_flight", destroyed_in_flight, NULL},
      {"unmapped_in_flight", destroyed_in_flight, "unmap"},
  };
  target = drive_raw;
  target.carry = carry;
  int code = ktap_run(cases, transfer_cases(cases, 3, 128, &target, "", NULL));
  if (shapes.context) aio_close(&shapes);
  return code;
}
