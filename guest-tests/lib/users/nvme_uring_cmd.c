// SPDX-License-Identifier: GPL-2.0
/* user:
what: "NVMe commands by io_uring (IORING_OP_URING_CMD)"
rows: [P3]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, IO_URING]}
proof: {mutant: m18-passthrough-unpins-twice, red: [release.half_in.anon]}
*/
#include "contract/nvme_user.h"
#include "ring.h"

static struct ring ring = {.fd = -1};

static bool open_user(void) { return nvme_user_open(true) && ring_open(&ring, 4, nvme_ring_flags); }

static void close_user(void) {
  if (ring.fd >= 0) ring_close(&ring);
  nvme_user_close();
}

static long carry(enum way way, void* addr, size_t length) {
  const struct nvme_io io = nvme_user_io(way, addr, length);
  return nvme_user_done(nvme_uring_cmd(nvme_user(), &ring, &io, false), length);
}

NVME_USER(nvme_uring_cmd, close_user);
