// SPDX-License-Identifier: GPL-2.0
// RDS sockets on the soft RDMA device: datagrams over a connection managed by the kernel, and memory regions
// that the peer may read and write.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pins.h"

enum { rds_limit_ms = 20000 };

struct rds_end {
  int fd;
  struct sockaddr_in at;
};

// Two ends that have exchanged a message, and are therefore connected. [0] owns the memory, [1] is the peer.
// Skips the running case when the kernel has no RDS or the machine no soft RDMA device. Always call
// rds_close().
bool rds_open(struct rds_end* ends);
void rds_close(struct rds_end* ends);
// One unconnected end; optionally bound to the device's address.
bool rds_end_open(struct rds_end* end, bool bound);

// A message of one byte with one control message (type 0: none). 0, or the errno value.
int rds_send(const struct rds_end* from, const struct rds_end* to, int type, const void* what, size_t length);

struct rds_got {
  uint64_t cookie;  // of the region that came with the message, or 0
  bool done;        // not a message: a transfer of ours is over
  int status;       // and how (RDS_RDMA_*)
};
// Waits for the next message or notification. False: the running case failed.
bool rds_receive(const struct rds_end* end, struct rds_got* got);
// The same without failing the case: 0, or the errno value. ETIME: none came.
int rds_try_receive(const struct rds_end* end, struct rds_got* got);

// Registers memory of ends[0] with its peer, which receives the message. 0, or the errno value; `cookie`
// names the region.
int rds_map(const struct rds_end* ends, const void* addr, size_t length, unsigned flags, uint64_t* cookie);
// The same, and measures: all of it is held. Returns the pages; 0: the running case failed.
long long rds_hold(const struct rds_end* ends, void* at, size_t length, unsigned flags, uint64_t* cookie,
                   struct pins* before);
// Frees it. Cookie 0: releases the pages of all unused regions. 0, or the errno value.
int rds_free(const struct rds_end* end, uint64_t cookie, unsigned flags);
// The same at once (INVALIDATE), and measures: `pages` are released.
void rds_drop(const struct rds_end* end, uint64_t cookie, long long pages, struct pins* before);
// ends[1] writes (or reads) `length` bytes of its own at `local` to (from) the region, and waits for
// completion.
bool rds_transfer(const struct rds_end* ends, uint64_t cookie, void* local, size_t length, bool write);
