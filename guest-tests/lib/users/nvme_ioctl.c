// SPDX-License-Identifier: GPL-2.0
/* user:
what: "NVME_IOCTL_IO_CMD on the block device"
rows: [P1]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME]}
proof: {mutant: m18-passthrough-unpins-twice, red: [release.half_in.anon]}
*/
#include "contract/nvme_user.h"

static bool open_user(void) { return nvme_user_open(false); }

static long carry(enum way way, void* addr, size_t length) {
  const struct nvme_io io = nvme_user_io(way, addr, length);
  return nvme_user_done(nvme_io_cmd(nvme_user(), &io), length);
}

NVME_USER(nvme_ioctl, nvme_user_close);
