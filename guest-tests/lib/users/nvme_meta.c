// SPDX-License-Identifier: GPL-2.0
/* user:
what: "the metadata buffer of an NVMe passthrough command; its data is private memory"
rows: [P6]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], devices: [meta], symbols: [BLK_DEV_NVME, BLK_DEV_INTEGRITY]}
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

static bool open_user(void) { return nvme_meta_user_open(false, nvme_io_cmd); }

NVME_META_USER(nvme_meta, nvme_meta_user_close);
