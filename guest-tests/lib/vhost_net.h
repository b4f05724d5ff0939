// SPDX-License-Identifier: GPL-2.0
// vhost-net that receives frames of a TAP device into our ring, and logs which pages of the guest it writes
// (VHOST_F_LOG_ALL).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffers.h"

// Addresses of the guest begin at 0, and its pages have 4 KiB whatever ours have (VHOST_PAGE_SIZE).
enum { VHOST_NET_PAGE = 4096, VHOST_NET_FRAME = 1000, VHOST_NET_SEED = 93 };
// Where things are in `guest`: the ring, what was used of it, and room for data.
enum {
  VHOST_NET_RING = 0,
  VHOST_NET_USED = VHOST_NET_PAGE,
  VHOST_NET_DATA = 2 * VHOST_NET_PAGE,
  VHOST_NET_BYTES = 16 * VHOST_NET_PAGE
};

struct vhost_net {
  int tap, vhost, packet, kick, call;
  struct buffer guest;
};

// The interface and the device. Skips the running case when the kernel lacks them. Always call
// vhost_net_close().
bool vhost_net_open(struct vhost_net* net);
void vhost_net_close(struct vhost_net* net);

// The log is at `log`; what `guest` has from `offset` on is the guest's memory at `address`. 0 or -errno.
int vhost_net_log_to(struct vhost_net* net, const void* log, uint64_t address, size_t offset);
// One buffer of the guest at `address`, offered to queue 0 (reception). `log_ring`: are writes to the ring
// logged too? 0 or -errno.
int vhost_net_start(struct vhost_net* net, uint64_t address, bool log_ring);
// Sends a frame, pattern VHOST_NET_SEED, and waits until vhost has put it into the ring. False: the running
// case has failed.
bool vhost_net_deliver(struct vhost_net* net);
