// SPDX-License-Identifier: GPL-2.0
/* user:
what: "the metadata buffer of an NVMe command by io_uring; its data is private memory"
rows: [P3, P6]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], devices: [meta], symbols: [BLK_DEV_NVME, BLK_DEV_INTEGRITY, IO_URING]}
# A kernel that confuses the directions writes to the zero page.
destructive: true
not:
  fault.retried_in.untouched: "its transfers are two pages at most"
  fault.retried_in.memfd_hole: "its transfers are two pages at most"
  fault.retried_out.untouched: "its transfers are two pages at most"
  fault.retried_out.memfd_hole: "its transfers are two pages at most"
  fault.ends_badly: "its transfers are two pages at most"
  fault.taken_away: "its transfers are two pages at most"
  pages.in.zero_thp: "6.12 writes to the huge zero page, which nothing clears again: asked of the small one"
  data.in.zero_thp: "6.12 writes to the huge zero page, which nothing clears again: asked of the small one"
proof: {mutant: m38-integrity-not-unpinned, red: [pages.out.anon]}
*/
#include "contract/nvme_meta_user.h"
#include "ring.h"

static struct ring ring = {.fd = -1};

static int submit(const struct nvme* nvme, const struct nvme_io* io) {
  return nvme_uring_cmd(nvme, &ring, io, false);
}

static bool open_user(void) {
  return nvme_meta_user_open(true, submit) && ring_open(&ring, 4, nvme_ring_flags);
}

// What clears the zero page needs the ring.
static void close_user(void) {
  nvme_meta_user_close();
  if (ring.fd >= 0) ring_close(&ring);
}

NVME_META_USER(nvme_uring_meta, close_user);
