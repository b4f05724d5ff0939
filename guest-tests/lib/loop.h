// SPDX-License-Identifier: GPL-2.0
// A loop device over an open file.
#pragma once

#include <stdbool.h>

struct loop {
  int fd;  // of the device, for reading; -1: there is none
  char path[32];
};

// `flags`: LO_FLAGS_DIRECT_IO or 0; fails the running case when the kernel does not apply them. The device is
// removed with its last user, also when the test is killed. Skips the running case when the kernel has no
// loop devices. Always call loop_close().
bool loop_open(struct loop* loop, int file, unsigned flags);
void loop_close(struct loop* loop);
