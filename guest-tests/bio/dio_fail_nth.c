// SPDX-License-Identifier: GPL-2.0
// Direct I/O in which the first, the second, ... allocation fails, until an attempt meets no failure: what
// was pinned is released, and the bytes reported as transferred were transferred.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "drive.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"

enum { answer_ms = 20000, seed = 90, max_faults = 1000, segments = 64, fresh_pages = 8, untouched = 0x5a };

struct walk {
  const struct operation* operation;
  int fd;
  size_t length;
  struct buffer buffer, other;
  struct iovec vec[segments];
  struct aio aio;
  struct ring ring;
};

struct operation {
  bool (*prepare)(struct walk* walk);  // what is not to be failed
  long (*go)(struct walk* walk);       // is to be failed: bytes or -errno
  long (*finish)(struct walk* walk, long result);
  enum buffer_kind kind;
  int pages;  // 0: the whole buffer
  bool write;
};

static long or_errno(ssize_t result) { return result < 0 ? -errno : result; }

static long go_read(struct walk* w) {
  return or_errno(pread(w->fd, w->buffer.addr, w->length, drive_raw.offset));
}
static long go_write(struct walk* w) {
  return or_errno(pwrite(w->fd, w->buffer.addr, w->length, drive_raw.offset));
}
static long go_readv(struct walk* w) { return or_errno(preadv(w->fd, w->vec, segments, drive_raw.offset)); }
static long go_vm(struct walk* w) { return or_errno(proc_vm_read(w->buffer.addr, w->other.addr, w->length)); }

static bool prepare_aio(struct walk* w) { return aio_open(&w->aio, 1); }
static long go_aio(struct walk* w) {
  return aio_try_submit(&w->aio, IOCB_CMD_PREAD, w->fd, w->buffer.addr, w->length, drive_raw.offset, 1);
}
static long finish_aio(struct walk* w, long result) {
  if (result == 0 && aio_reap(&w->aio, answer_ms, &result) == 0)
    ktap_fail("no answer within %d ms", answer_ms);
  aio_close(&w->aio);
  return result;
}

static bool prepare_ring(struct walk* w) {
  if (!ring_open(&w->ring, 1, 0)) return false;
  struct io_uring_sqe* sqe = ring_next(&w->ring);
  sqe->opcode = IORING_OP_READ;
  sqe->fd = w->fd;
  sqe->addr = (unsigned long)w->buffer.addr;
  sqe->len = (unsigned)w->length;
  sqe->off = (unsigned long long)drive_raw.offset;
  return true;
}
static long go_ring(struct walk* w) { return ring_try_submit(&w->ring); }
static long finish_ring(struct walk* w, long result) {
  struct io_uring_cqe cqe;
  // None taken: it had no memory for the request, and says so by the number.
  if (result == 1) result = ring_reap(&w->ring, answer_ms, &cqe) ? cqe.res : -ETIME;
  ring_close(&w->ring);
  return result;
}

// With a fault, as far as it came; without, all of it, and again by a worker where io_uring must not wait.
static void judge_pins(const struct walk* w, struct pins* before, bool whole) {
  struct pins moved;
  const long long all =
      w->operation->go == go_vm ? w->operation->pages : drive_pages((long long)(w->length / page_bytes()));
  if (!pins_moved(before, 0, &moved)) return;
  if (moved.acquired != moved.released)
    ktap_fail("%lld pages pinned, %lld unpinned", moved.acquired, moved.released);
  if (whole && (moved.acquired < all || (moved.acquired > all && w->operation->go != go_ring)))
    ktap_fail("without a fault %lld pages were pinned, want %lld", moved.acquired, all);
}

static bool attempt(void* context, int nth) {
  struct walk* w = context;
  struct pins before;
  const struct operation* op = w->operation;
  if (op->write)
    pattern_fill(w->buffer.addr, w->length, seed + (unsigned)nth, 0);
  else
    memset(w->buffer.addr, untouched, w->length);
  // Half way through them: to bring in the last pages fails while the others are pinned.
  if (!op->write && op->kind == BUFFER_PAGES && !buffer_renew_tail(&w->buffer, fresh_pages)) return false;
  if (!pins_begin(&before) || (op->prepare && !op->prepare(w)) || !fault_nth_arm(nth)) return false;
  long result = op->go(w);
  bool injected = fault_nth_disarm();
  if (op->finish) result = op->finish(w, result);
  judge_pins(w, &before, !injected);
  if (result < 0 && result != -ENOMEM && result != -EAGAIN && result != -EFAULT && result != -EIO)
    ktap_fail("fault %d: the operation gave %ld (%s)", nth, result, strerror((int)-result));
  if (!injected && result != (long)w->length) ktap_fail("without a fault the operation gave %ld", result);
  size_t moved = result > 0 ? (size_t)result : 0;
  if (op->write && moved > 0) transfer_compare(&drive_raw, moved, seed + (unsigned)nth);
  long bad = op->write ? -1 : pattern_check(w->buffer.addr, moved, seed, 0);
  if (bad >= 0)
    ktap_fail("fault %d: %zu bytes reported as transferred, but byte %ld is wrong", nth, moved, bad);
  return injected;
}

static void walk_faults(const void* arg) {
  static struct walk walk;
  walk = (struct walk){.operation = arg};
  const struct operation* op = arg;
  if (drive_pages(1) < 0 || !fault_nth_ready()) return;
  long huge_before = hugetlb_free();
  if (!buffer_get(&walk.buffer, op->kind, (size_t)(op->pages ? op->pages : 1) * page_bytes())) return;
  walk.length = op->pages ? (size_t)op->pages * page_bytes() : walk.buffer.size;
  // Side by side: each iovec is pinned for itself.
  for (size_t i = 0; i < segments; ++i)
    walk.vec[i] = (struct iovec){walk.buffer.addr + i * walk.length / segments, walk.length / segments};
  walk.fd = drive_raw.open(O_RDWR | O_DIRECT);
  if (walk.fd >= 0 && transfer_store(&drive_raw, walk.length, seed) &&
      buffer_get(&walk.other, BUFFER_PAGES, walk.length)) {
    pattern_fill(walk.other.addr, walk.length, seed, 0);
    fault_each(attempt, &walk, max_faults);
    buffer_put(&walk.other);
  }
  if (walk.fd >= 0) close(walk.fd);
  if (op->kind == BUFFER_MEMFD) buffer_seal(&walk.buffer);
  buffer_put(&walk.buffer);
  if (op->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct operation read_16 = {NULL, go_read, NULL, BUFFER_MEMFD, 16, false};
  static const struct operation write_16 = {NULL, go_write, NULL, BUFFER_MEMFD, 16, true};
  static const struct operation read_300 = {NULL, go_read, NULL, BUFFER_PAGES, 300, false};
  static const struct operation write_300 = {NULL, go_write, NULL, BUFFER_PAGES, 300, true};
  static const struct operation read_iov = {NULL, go_readv, NULL, BUFFER_PAGES, 64, false};
  static const struct operation read_huge = {NULL, go_read, NULL, BUFFER_HUGETLB, 0, false};
  static const struct operation aio_16 = {prepare_aio, go_aio, finish_aio, BUFFER_MEMFD, 16, false};
  static const struct operation aio_300 = {prepare_aio, go_aio, finish_aio, BUFFER_PAGES, 300, false};
  static const struct operation ring_16 = {prepare_ring, go_ring, finish_ring, BUFFER_MEMFD, 16, false};
  static const struct operation vm_16 = {NULL, go_vm, NULL, BUFFER_MEMFD, 16, false};
  static const struct ktap_case cases[] = {
      {"read_16_pages_of_memfd", walk_faults, &read_16},
      {"write_16_pages_of_memfd", walk_faults, &write_16},
      {"read_300_pages", walk_faults, &read_300},
      {"write_300_pages", walk_faults, &write_300},
      {"readv_64_segments", walk_faults, &read_iov},
      {"read_hugetlb", walk_faults, &read_huge},
      {"aio_16_pages_of_memfd", walk_faults, &aio_16},
      {"aio_300_pages", walk_faults, &aio_300},
      {"io_uring_16_pages_of_memfd", walk_faults, &ring_16},
      {"process_vm_readv_16_pages", walk_faults, &vm_16},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
