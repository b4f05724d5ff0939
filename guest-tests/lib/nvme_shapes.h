// SPDX-License-Identifier: GPL-2.0
// Passthrough transfers in every shape that block/blk-map.c treats differently, for any way of submission.
#pragma once

#include <stdbool.h>

#include "nvme.h"

struct nvme_way {
  bool (*open)(struct nvme* nvme);                                   // skips or fails the running case
  int (*submit)(const struct nvme* nvme, const struct nvme_io* io);  // 0, NVMe status, or -errno
  bool by_ring;  // by io_uring, which first tries not to wait
};

// main() of such a test: every flat shape, for private pages (counted) and for a memfd (sealed afterwards,
// which needs no counters), and requests that must be refused without leaving anything pinned.
int nvme_shapes_run(const struct nvme_way* way);

// How many pages a transfer that is mapped, not copied, must count on this kernel; -1: unknown,
// the running case has been skipped or failed.
long long nvme_counted(long long pages);

// The drive that those tests write to, for transfer_store() and transfer_compare().
extern const struct target nvme_target;
