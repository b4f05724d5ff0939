// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "proc.h"
#include "ring.h"
#include "stress_steps.h"
#include "uring.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

enum { max_pages = 64, pieces = 8, answer_ms = 20000, child_ms = 20000 };

// Of one worker, and not that of the process before it: a ring whose process was killed may still have writes
// under way.
static off_t region(unsigned number, const struct worker_slot* slot) {
  return drive_raw.offset + (off_t)(number * 4 + slot->kills % 4) * (off_t)(max_pages * page_bytes());
}

// One descriptor for each process.
static int drive(void) {
  static pid_t owner;
  static int fd = -1;
  if (owner != getpid()) fd = drive_raw.open(O_RDWR | O_DIRECT);
  owner = getpid();
  return fd;
}

// What happens to memory while a device writes to it or reads from it.
static pid_t disturb(unsigned how, const struct buffer* buffer, size_t length) {
  if (how == 0) madvise(buffer->addr, length, MADV_PAGEOUT);
  if (how != 1) return 0;
  pid_t child = proc_fork();
  if (child == 0) {
    memset(buffer->addr, 0xee, length);  // its own copy
    _exit(0);
  }
  return child;
}

static bool by_aio(const struct buffer* buffer, size_t length, off_t offset, bool write, unsigned how) {
  struct aio aio;
  size_t piece = length / pieces;
  if (!aio_open(&aio, pieces)) return false;
  bool good = true;
  for (unsigned i = 0; i < pieces && good; ++i)
    good = aio_submit(&aio, write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, drive(), buffer->addr + i * piece,
                      piece, offset + (off_t)(i * piece), i + 1);
  pid_t child = disturb(how, buffer, length);
  for (unsigned tag = 1; aio.in_flight > 0 && tag != 0;) {
    long result = 0;
    tag = aio_reap(&aio, answer_ms, &result);
    if (result != (long)piece) good = ktap_fail("AIO of %zu bytes ended with %ld", piece, result);
  }
  aio_close(&aio);
  return (child <= 0 || proc_reap(child, child_ms) == 0) && good;
}

static bool move(unsigned way, const struct buffer* buffer, size_t length, off_t offset, bool write,
                 unsigned how) {
  if (way == 0) return by_aio(buffer, length, offset, write, how);
  long moved = -1;
  if (way == 1) {
    struct ring ring;
    if (!ring_open(&ring, 4, 0)) return false;
    moved = ring_transfer(&ring, write ? IORING_OP_WRITE : IORING_OP_READ, drive(), buffer->addr, length,
                          offset, 0);
    ring_close(&ring);
  } else {
    moved =
        write ? pwrite(drive(), buffer->addr, length, offset) : pread(drive(), buffer->addr, length, offset);
  }
  return moved == (long)length ||
         ktap_fail("%s %zu bytes gave %ld", write ? "writing" : "reading", length, moved);
}

bool stress_transfer(struct draw* draw, unsigned number, struct worker_slot* slot) {
  static const enum buffer_kind kinds[] = {BUFFER_PAGES, BUFFER_PAGES, BUFFER_THP, BUFFER_MEMFD};
  if (!draw) return drive() >= 0;
  enum buffer_kind kind = kinds[draw_below(draw, 4)];
  size_t length = pieces * (1 + draw_below(draw, max_pages / pieces)) * page_bytes();
  unsigned way = draw_below(draw, 3), how = draw_below(draw, 4), seed = draw_below(draw, 1 << 30);
  struct buffer buffer;
  if (!buffer_get(&buffer, kind, length)) return !ktap_failed();
  // What is shared the child would write to as well.
  if (kind == BUFFER_MEMFD && how == 1) how = 2;
  pattern_fill(buffer.addr, length, seed, 0);
  bool good = move(way, &buffer, length, region(number, slot), true, how);
  memset(buffer.addr, 0, length);
  good = good && move(way, &buffer, length, region(number, slot), false, how);
  if (good && pattern_check(buffer.addr, length, seed, 0) >= 0)
    good = ktap_fail("wrong data (way %u, disturbed by %u)", way, how);
  buffer_put(&buffer);
  slot->pinned += good ? (uint64_t)drive_pages(2 * (long long)(length / page_bytes())) : 0;
  return good;
}

bool stress_fixed(struct draw* draw, unsigned number, struct worker_slot* slot) {
  if (!draw) return drive() >= 0;
  enum buffer_kind kind = draw_below(draw, 2) ? BUFFER_THP : BUFFER_PAGES;
  size_t length = (1 + draw_below(draw, max_pages)) * page_bytes();
  unsigned transfers = draw_below(draw, 3), seed = draw_below(draw, 1 << 30);
  bool unregister = draw_below(draw, 2), disturbed = draw_below(draw, 2);
  struct buffer buffer;
  struct ring ring;
  if (!buffer_get(&buffer, kind, length)) return !ktap_failed();
  bool good = ring_open(&ring, 4, 0);
  int error = good ? uring_register(ring.fd, buffer.addr, length) : 0;
  if (error) good = ktap_fail("registering %zu bytes: %s", length, strerror(-error));
  if (good) slot->pinned += 1;
  pid_t child = good && disturbed ? disturb(1, &buffer, length) : 0;
  for (unsigned i = 0; i < transfers && good; ++i) {
    pattern_fill(buffer.addr, length, seed + i, 0);
    good = ring_transfer(&ring, IORING_OP_WRITE_FIXED, drive(), buffer.addr, length, region(number, slot),
                         0) == (int)length;
    memset(buffer.addr, 0, length);
    good = good && ring_transfer(&ring, IORING_OP_READ_FIXED, drive(), buffer.addr, length,
                                 region(number, slot), 0) == (int)length;
    if (!good || pattern_check(buffer.addr, length, seed + i, 0) >= 0)
      good = ktap_fail("fixed buffers: wrong length or data");
  }
  if (child > 0 && proc_reap(child, child_ms) != 0) good = false;
  if (good && unregister && (error = uring_unregister(ring.fd)) != 0)
    good = ktap_fail("unregistering: %s", strerror(-error));
  ring_close(&ring);
  buffer_put(&buffer);
  return good;
}

bool stress_pipe(struct draw* draw, unsigned number, struct worker_slot* slot) {
  (void)number, (void)slot;
  if (!draw) return true;
  enum { room = 16 };  // pages that a pipe holds unless it is told otherwise
  size_t length = (1 + draw_below(draw, room)) * page_bytes();
  bool tee_it = draw_below(draw, 2), read_it = draw_below(draw, 4) != 0;
  unsigned seed = draw_below(draw, 1 << 30);
  struct buffer buffer;
  int first[2] = {-1, -1}, second[2] = {-1, -1};
  if (!buffer_get(&buffer, BUFFER_PAGES, length)) return !ktap_failed();
  pattern_fill(buffer.addr, length, seed, 0);
  struct iovec vec = {buffer.addr, length};
  bool good = pipe2(first, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(second, O_CLOEXEC | O_NONBLOCK) == 0 &&
              vmsplice(first[1], &vec, 1, 0) == (ssize_t)length &&
              (!tee_it || tee(first[0], second[1], length, 0) == (ssize_t)length);
  if (!good) ktap_fail("vmsplice or tee of %zu bytes: %s", length, strerror(errno));
  // Not read: the pipe drops its pages when it is closed.
  for (size_t at = 0; good && read_it && at < length;) {
    unsigned char bytes[4096];
    ssize_t got = read(tee_it ? second[0] : first[0], bytes, sizeof(bytes));
    if (got <= 0 || pattern_check(bytes, (size_t)got, seed, at) >= 0)
      good = ktap_fail("the pipe returned %zd bytes, or wrong data", got);
    at += got > 0 ? (size_t)got : 0;
  }
  for (int i = 0; i < 2; ++i) {
    close(first[i]);
    close(second[i]);
  }
  buffer_put(&buffer);
  return good;
}
