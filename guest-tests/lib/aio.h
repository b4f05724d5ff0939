// SPDX-License-Identifier: GPL-2.0
// Linux AIO by raw system calls: a direct read that is in flight while the test does something else.
#pragma once

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct aio {
  aio_context_t context;
  int in_flight;
};

// Skips the running case when the kernel has no AIO.
bool aio_open(struct aio* aio, int depth);
// Cancels what can be cancelled and waits for the rest.
void aio_close(struct aio* aio);
// Submits IOCB_CMD_PREAD or PWRITE of `length` bytes at `addr`, or PREADV or PWRITEV of `length` iovecs;
// `tag` (not 0) comes back with its completion. Fails the running case when it cannot.
bool aio_submit(struct aio* aio, int command, int fd, const void* addr, size_t length, off_t offset,
                unsigned tag);
// The same when a refusal is expected: 0 or -errno.
int aio_try_submit(struct aio* aio, int command, int fd, const void* addr, size_t length, off_t offset,
                   unsigned tag);
// Submits a read; `tag` (not 0) comes back with its completion. Fails the running case when it cannot.
bool aio_read(struct aio* aio, int fd, void* to, size_t length, off_t offset, unsigned tag);
// Waits up to `limit_ms` for one completion: its tag, 0 when none came. *result: bytes or -errno.
unsigned aio_reap(struct aio* aio, int limit_ms, long* result);
