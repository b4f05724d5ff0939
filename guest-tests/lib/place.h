// SPDX-License-Identifier: GPL-2.0
// A place to do direct I/O on, of each kind that takes user memory in its own way: what it is and how it gets
// its memory.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "caps.h"
#include "dm.h"
#include "loop.h"

enum place_kind {
  PLACE_BDEV,  // a block device (block/fops.c)
  PLACE_EXT4,  // a file by iomap
  PLACE_VFAT,  // a file by fs/direct-io.c
  PLACE_9P,    // a file of the host's by fs/netfs, on the 9p share of the machine
};

struct place {
  int fd;  // opened for direct reads and writes
  enum pin_mode mode;
  int skew;  // pages more released than acquired, per section (legacy direct I/O)
  bool gated;
  struct dm gate;
  struct loop loop;
  char mount[40], path[64];
  bool mounted;
};

enum {
  place_bytes = 1 << 20
};  // what is there to be read and written, from offset 0 on: 16 pages of any size

// Opens one whose bytes are all `fill`, and probes it by one read, whose pins are claimed. `gated`: a
// device-mapper device lies below, so that place_hold() can hold everything back (not for PLACE_9P). Without
// it the raw drive and the ext4 that the machine has are used. Skips the running case when the machine or the
// kernel lacks what it needs. To be ended by place_close() in any case.
bool place_open(struct place* place, enum place_kind kind, bool gated, unsigned char fill);
void place_close(struct place* place);

// Between the two no data moves: what is submitted waits with its memory taken.
bool place_hold(struct place* place);
bool place_release(struct place* place);

// Claims the skew of `sections` transfers, and says how many pages `sections` of them release beyond those
// they acquire.
long long place_skew(const struct place* place, long long sections);
