// SPDX-License-Identifier: GPL-2.0
// A user that is a fixed buffer of io_uring: registered, used for one transfer, and unregistered.
#pragma once

#include "contract/user.h"
#include "ring.h"

// `flags`: IORING_SETUP_*.
bool fixed_user_open(unsigned flags);
void fixed_user_close(void);
int fixed_user_take(enum way way, void* addr, size_t length);
// `transfer` reads into the registered memory: bytes or -errno.
long fixed_user_let_go(long (*transfer)(struct ring* ring, void* addr, size_t length));
// A memfd as the device that the buffer is read from.
bool fixed_device_open(void);
void fixed_device_close(void);
long fixed_device_transfer(struct ring* by, void* addr, size_t length);
bool fixed_device_store(const void* data, size_t length);
bool fixed_device_load(void* data, size_t length);
// Of huge pages and other large folios one pin each stays, where io_uring coalesces them (lib/fixed.h), and
// all of each folio is charged.
void fixed_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts);
long long fixed_user_charged(const void* addr, size_t length);
