// SPDX-License-Identifier: GPL-2.0
// A ublk device: a block device whose requests a child of the test carries out, in memory. The driver copies
// between the pages of a request and the child's memory, unless the child asks for the bytes itself (user
// copy).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "buffers.h"
#include "ring.h"

struct ublk {
  bool made, started;
  bool encoded;  // the kernel wants the numbers of commands as ioctls have them
  bool user_copy;
  unsigned id;
  char path[32];   // of the block device
  int control_fd;  // -1 before ublk_open() and after ublk_close()
  struct ring control;
  pid_t server;
  unsigned char* disk;  // what the device holds
  size_t size;
  struct buffer room;  // the child's, of a memfd: a piece for each request that it may have at a time
};

// Skips the running case when the kernel has no ublk, or no user copy where that is asked for. To be ended by
// ublk_close() in any case.
bool ublk_open(struct ublk* ublk, size_t size, bool user_copy);
// Fails the running case when a page of the child's memory is not free again.
void ublk_close(struct ublk* ublk);
