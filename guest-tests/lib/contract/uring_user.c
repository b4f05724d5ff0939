// SPDX-License-Identifier: GPL-2.0
#include "contract/uring_user.h"

#include "contract/dio_user.h"
#include "ring.h"

static struct ring ring = {.fd = -1};

bool uring_user_open(unsigned flags) { return ring_open(&ring, 4, flags); }

void uring_user_close(void) {
  if (ring.fd >= 0) ring_close(&ring);
}

long uring_user_carry(enum way way, void* addr, size_t length) {
  const int opcode = way == WAY_IN ? IORING_OP_READ : IORING_OP_WRITE;
  return ring_transfer(&ring, opcode, dio_user_fd(), addr, length, dio_user_offset(), 0);
}

long uring_user_carry_pieces(enum way way, const struct iovec* pieces, int count) {
  const int opcode = way == WAY_IN ? IORING_OP_READV : IORING_OP_WRITEV;
  return ring_transfer(&ring, opcode, dio_user_fd(), (void*)pieces, (size_t)count, dio_user_offset(), 0);
}
