// SPDX-License-Identifier: GPL-2.0
// io_uring's fixed buffers by raw system calls: the simplest long-term pin of user memory (io_uring/rsrc.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>

// A ring that is never used for I/O. Skips the running case when the kernel has no io_uring; -1 then.
int uring_open(void);
// Registers one fixed buffer, which pins its pages with FOLL_LONGTERM until uring_unregister(). 0, or -errno;
// reports nothing.
int uring_register(int ring, void* addr, size_t length);
int uring_unregister(int ring);
// The workers of the calling thread run on `cpu` from now on: requests with IOSQE_ASYNC. 0, or -errno.
int uring_workers_on(int ring, int cpu);
// It has at most `most` workers of each kind.
int uring_workers_at_most(int ring, unsigned most);
// The other ring's fixed buffers become those of this one too (since 6.12, EINVAL before). 0, or -errno.
int uring_clone(int ring, int other);
