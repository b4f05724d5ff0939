// SPDX-License-Identifier: GPL-2.0
#include "ring.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "patience.h"

// The thread of a ring that submits by itself spins for so long before it sleeps.
enum { transfer_ms = 20000, idle_ms = 1 };

static bool map_rings(struct ring* ring, const struct io_uring_params* params) {
  size_t sq = params->sq_off.array + params->sq_entries * sizeof(unsigned);
  size_t cq = params->cq_off.cqes + params->cq_entries * ring->cqe_size;
  // Both lie in one mapping (IORING_FEAT_SINGLE_MMAP, since 5.4).
  ring->rings_size = sq > cq ? sq : cq;
  ring->sqes_size = params->sq_entries * ring->sqe_size;
  int flags = MAP_SHARED | MAP_POPULATE;
  ring->rings = mmap(NULL, ring->rings_size, PROT_READ | PROT_WRITE, flags, ring->fd, IORING_OFF_SQ_RING);
  ring->sqes = mmap(NULL, ring->sqes_size, PROT_READ | PROT_WRITE, flags, ring->fd, IORING_OFF_SQES);
  if (ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED)
    return ktap_fail("mapping a ring: %s", strerror(errno));
  ring->sq_tail = (unsigned*)(ring->rings + params->sq_off.tail);
  ring->sq_mask = (unsigned*)(ring->rings + params->sq_off.ring_mask);
  ring->sq_array = (unsigned*)(ring->rings + params->sq_off.array);
  ring->cq_head = (unsigned*)(ring->rings + params->cq_off.head);
  ring->cq_tail = (unsigned*)(ring->rings + params->cq_off.tail);
  ring->cq_mask = (unsigned*)(ring->rings + params->cq_off.ring_mask);
  ring->cqes = ring->rings + params->cq_off.cqes;
  return true;
}

bool ring_open(struct ring* ring, unsigned entries, unsigned flags) {
  struct io_uring_params params;
  memset(&params, 0, sizeof(params));
  params.flags = flags;
  if (flags & IORING_SETUP_SQPOLL) params.sq_thread_idle = idle_ms;
  *ring = (struct ring){.fd = -1, .rings = MAP_FAILED, .sqes = MAP_FAILED};
  ring->fd = (int)syscall(SYS_io_uring_setup, entries, &params);
  if (ring->fd < 0 && errno == ENOSYS) return ktap_skip("no io_uring in this kernel");
  if (ring->fd < 0 && errno == EINVAL && flags)
    return ktap_skip("io_uring does not support setup flags %#x", flags);
  if (ring->fd < 0) return ktap_fail("io_uring_setup: %s", strerror(errno));
  ring->entries = params.sq_entries;
  ring->sqe_size = sizeof(struct io_uring_sqe) << (flags & IORING_SETUP_SQE128 ? 1 : 0);
  ring->cqe_size = sizeof(struct io_uring_cqe) << (flags & IORING_SETUP_CQE32 ? 1 : 0);
  if (flags & IORING_SETUP_SQPOLL) ring->enter_flags = IORING_ENTER_SQ_WAKEUP;
  if (map_rings(ring, &params)) return true;
  ring_close(ring);
  return false;
}

void ring_close(struct ring* ring) {
  if (ring->sqes != MAP_FAILED) munmap(ring->sqes, ring->sqes_size);
  if (ring->rings != MAP_FAILED) munmap(ring->rings, ring->rings_size);
  if (ring->fd >= 0) close(ring->fd);
  *ring = (struct ring){.fd = -1, .rings = MAP_FAILED, .sqes = MAP_FAILED};
}

struct io_uring_sqe* ring_next(struct ring* ring) {
  unsigned slot = (*ring->sq_tail + ring->queued) & *ring->sq_mask;
  ring->sq_array[slot] = slot;
  ++ring->queued;
  unsigned char* sqe = ring->sqes + slot * ring->sqe_size;
  memset(sqe, 0, ring->sqe_size);
  return (struct io_uring_sqe*)sqe;
}

int ring_try_submit(struct ring* ring) {
  unsigned count = ring->queued;
  const unsigned first = *ring->sq_tail;
  __atomic_store_n(ring->sq_tail, first + count, __ATOMIC_RELEASE);
  ring->queued = 0;
  long taken = syscall(SYS_io_uring_enter, ring->fd, count, 0, ring->enter_flags, NULL, 0);
  if (taken >= 0) return (int)taken;
  const int error = errno;
  // Nothing was accepted (io_submit_sqes()): the next submission is not to begin with these.
  __atomic_store_n(ring->sq_tail, first, __ATOMIC_RELEASE);
  return -error;
}

bool ring_submit(struct ring* ring) {
  unsigned count = ring->queued;
  int taken = ring_try_submit(ring);
  if (taken == (int)count) return true;
  return ktap_fail("io_uring took %d of %u requests: %s", taken, count,
                   taken < 0 ? strerror(-taken) : "short");
}

bool ring_reap(struct ring* ring, int limit_ms, struct io_uring_cqe* cqe) {
  limit_ms = patience_scaled(limit_ms);
  struct __kernel_timespec limit = {limit_ms / 1000, (limit_ms % 1000) * 1000000LL};
  struct io_uring_getevents_arg arg = {.ts = (uintptr_t)&limit};
  unsigned head = *ring->cq_head;
  // A fault that is injected into copying the time limit fails the wait once.
  bool again = true;
  while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head) {
    unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    if (syscall(SYS_io_uring_enter, ring->fd, 0, 1, flags, &arg, sizeof(arg)) >= 0 || errno == EINTR)
      continue;
    if (errno != EFAULT || !again)
      return ktap_fail("no completion within %d ms: %s", limit_ms, strerror(errno));
    again = false;
  }
  *cqe = *(struct io_uring_cqe*)(ring->cqes + (head & *ring->cq_mask) * ring->cqe_size);
  __atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
  return true;
}

int ring_transfer(struct ring* ring, int opcode, int fd, void* addr, size_t length, long long offset,
                  int index) {
  struct io_uring_cqe cqe;
  struct io_uring_sqe* sqe = ring_next(ring);
  sqe->opcode = (__u8)opcode;
  sqe->fd = fd;
  sqe->addr = (uintptr_t)addr;
  sqe->len = (__u32)length;
  sqe->off = (__u64)offset;
  sqe->buf_index = (__u16)index;
  if (!ring_submit(ring) || !ring_reap(ring, transfer_ms, &cqe)) return -EIO;
  return cqe.res;
}
