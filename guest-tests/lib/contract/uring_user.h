// SPDX-License-Identifier: GPL-2.0
// A user that is direct I/O by an io_uring on what lib/contract/dio_user.h has opened.
#pragma once

#include "contract/user.h"

// `flags`: IORING_SETUP_*.
bool uring_user_open(unsigned flags);
void uring_user_close(void);
long uring_user_carry(enum way way, void* addr, size_t length);
long uring_user_carry_pieces(enum way way, const struct iovec* pieces, int count);
