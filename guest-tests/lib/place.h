// SPDX-License-Identifier: GPL-2.0
// A target of direct I/O, of each kind that handles user memory differently: what it is and how it gets its
// memory.
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
  int skew;  // more pages released than acquired, per section (legacy direct I/O)
  bool gated;
  struct dm gate;
  struct loop loop;
  char mount[40], path[64];
  bool mounted;
};

// Readable and writable bytes from offset 0: 16 pages of any size, and more than fits in one bio.
enum { place_bytes = 1280 << 10 };

// Opens one whose bytes are all `fill`, and probes it by one read, whose pins are claimed. `gated`: a
// device-mapper device lies below, so that place_hold() can hold requests (not for PLACE_9P). Without it the
// machine's raw drive and ext4 are used. Skips the running case when the machine or the kernel lacks what it
// needs. Always call place_close().
bool place_open(struct place* place, enum place_kind kind, bool gated, unsigned char fill);
void place_close(struct place* place);

// Between the two no data is transferred: submitted requests wait with their memory held.
bool place_hold(struct place* place);
bool place_release(struct place* place);

// Claims the skew of `sections` transfers, and returns how many more pages they release than acquire.
long long place_skew(const struct place* place, long long sections);
