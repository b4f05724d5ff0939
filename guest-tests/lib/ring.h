// SPDX-License-Identifier: GPL-2.0
// An io_uring for requests, by raw system calls, also with the large entries of passthrough commands.
// lib/uring.h registers buffers on it.
#pragma once

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>

struct ring {
  int fd;
  unsigned entries;
  size_t sqe_size, cqe_size;
  unsigned char *rings, *sqes;  // mappings
  size_t rings_size, sqes_size;
  unsigned *sq_tail, *sq_mask, *cq_head, *cq_tail, *cq_mask;
  unsigned* sq_array;
  unsigned char* cqes;
  unsigned queued;       // filled and not yet submitted
  unsigned enter_flags;  // of each submission: IORING_SETUP_SQPOLL has to wake the ring's thread
};

// `flags`: IORING_SETUP_*. Skips the running case when the kernel has no io_uring or does not know a flag.
bool ring_open(struct ring* ring, unsigned entries, unsigned flags);
void ring_close(struct ring* ring);

// The next free submission entry, zeroed. Never more than `entries` at a time.
struct io_uring_sqe* ring_next(struct ring* ring);
// Submits the filled entries. Fails the running case when the kernel does not accept all of them.
bool ring_submit(struct ring* ring);
// The same, reporting nothing: how many were accepted, or -errno. If not all, the ring cannot be used
// afterwards.
int ring_try_submit(struct ring* ring);
// One completion within `limit_ms`; false when none came, which fails the running case.
bool ring_reap(struct ring* ring, int limit_ms, struct io_uring_cqe* cqe);

// One read or write (IORING_OP_READ, WRITE, READ_FIXED, WRITE_FIXED of registered buffer `index`) from
// submission to completion: bytes, or -errno.
int ring_transfer(struct ring* ring, int opcode, int fd, void* addr, size_t length, long long offset,
                  int index);
