// SPDX-License-Identifier: GPL-2.0
#include "slow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"

int slow_open(struct buffer* buffer) {
  if (caps_dio_bdev() == MODE_UNKNOWN) return -1;
  // Not through the page cache, whose readahead would use up the drive's answers.
  int fd = device_open(DRIVE_SLOW, 1, O_RDWR | O_DIRECT);
  if (fd < 0) return -1;
  pins_claim_exact(caps_dio_bdev() == MODE_PIN ? 1 : 0);
  memset(buffer->addr, slow_fresh, slow_bytes);
  if (pwrite(fd, buffer->addr, slow_bytes, 0) != slow_bytes)
    ktap_fail("preparing the slow drive: %s", strerror(errno));
  memset(buffer->addr, slow_stale, buffer->size);
  return fd;
}

bool slow_queue(struct ring* ring, int fd, const struct buffer* buffer) {
  for (int i = 0; i < slow_reads; ++i) {
    struct io_uring_sqe* sqe = ring_next(ring);
    sqe->opcode = IORING_OP_READ_FIXED;
    sqe->fd = fd;
    sqe->addr = (uintptr_t)(buffer->addr + (size_t)i * page_bytes());
    sqe->len = slow_bytes;
    sqe->user_data = 1;
  }
  return ring_submit(ring);
}
