// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a fixed buffer of io_uring that an NVMe command reads into"
rows: [P3, D9]
traits: [in, data, hold, longterm, charged, limited]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, IO_URING]}
not:
  longterm.file: "refused with EOPNOTSUPP by 6.1 and EFAULT later: longterm/file_backed asks it of both"
proof: {mutant: m11-io-uring-unmap-first, red: [pages.in.anon]}
*/
#include <errno.h>

#include "contract/fixed_user.h"
#include "contract/nvme_user.h"

static bool open_user(void) { return nvme_user_open(true) && fixed_user_open(nvme_ring_flags); }

static void close_user(void) {
  fixed_user_close();
  nvme_user_close();
}

static long transfer(struct ring* ring, void* addr, size_t length) {
  const struct nvme_io io = nvme_user_io(WAY_IN, addr, length);
  return nvme_user_done(nvme_uring_cmd(nvme_user(), ring, &io, true), length);
}

static long let_go(void) { return fixed_user_let_go(transfer); }

const struct user user_nvme_uring_cmd_fixed = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = fixed_user_take,
    .let_go = let_go,
    .store = dio_user_store,
    .load = dio_user_load,
    .counts = fixed_user_counts,
    .align = 512,
    .most = nvme_user_most,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
    .charged = fixed_user_charged,
};
