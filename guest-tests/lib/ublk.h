// SPDX-License-Identifier: GPL-2.0
// A ublk device: a block device served from memory by a child of the test. The driver copies
// between the pages of a request and the child's memory, unless the child copies the bytes itself (user
// copy).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "buffers.h"
#include "ring.h"

struct ublk {
  bool made, started;
  bool encoded;  // the kernel requires ioctl-encoded commands
  bool user_copy;
  unsigned id;
  char path[32];   // of the block device
  int control_fd;  // -1 before ublk_open() and after ublk_close()
  struct ring control;
  pid_t server;
  unsigned char* disk;  // the device's data
  size_t size;
  struct buffer room;  // the child's, of a memfd: a buffer per request in flight
};

// Skips the running case when the kernel has no ublk, or no user copy if requested. Always call ublk_close().
bool ublk_open(struct ublk* ublk, size_t size, bool user_copy);
// Fails the running case when a page of the child's memory is still held.
void ublk_close(struct ublk* ublk);
