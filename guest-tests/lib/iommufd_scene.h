// SPDX-License-Identifier: GPL-2.0
// An address space of iommufd into which another process has mapped its memory: a memfd's pages out of order,
// so that no two frames are neighbors, which this process maps, too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffers.h"
#include "contract/memory.h"
#include "pins.h"
#include "proc.h"

enum { remote_pages = 16 };

struct remote_kind {
  bool local;    // mapped by this process, for comparison
  bool limited;  // by a process without CAP_IPC_LOCK, charged to its VmLck (IOMMU_OPTION_RLIMIT_MODE)
  bool half;     // the second half cannot be reached there
  bool read;     // nobody may write it: mapped by IOMMUFD_READ
  bool file;     // not a memfd, but a file on the machine's ext4, in order
};

struct remote {
  const struct remote_kind* kind;
  int fd, access;
  uint32_t space;
  struct buffer memfd;
  struct memory file;
  unsigned char* addr;  // of remote_bytes() in this process
  pid_t source;
  struct rendezvous ask, answer;
  struct pins before;
};

size_t remote_bytes(void);
// With a mock driver. False: the running case has been skipped or failed. Always call remote_close().
bool remote_open(struct remote* remote, const struct remote_kind* kind);
void remote_close(struct remote* remote);
// The process that mapped the memory ends.
void remote_end_source(struct remote* remote);
// The account that the memory is charged to: VmPin of the process that mapped it, or VmLck if it is limited.
// Another one than this process's, whose accounts have to be empty.
void remote_expect_charge(struct remote* remote, long long kib);
