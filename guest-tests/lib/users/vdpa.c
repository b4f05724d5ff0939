// SPDX-License-Identifier: GPL-2.0
/* user:
what: "memory in the IOTLB of a simulated vDPA device, by vhost-vdpa"
rows: [G22]
traits: [in, out, hold, longterm, charged, limited]
# What leaks when memory runs out stays pinned.
destructive: true
needs: {kernel_args: ["vdpa_sim.use_va=0"], symbols: [VDPA_SIM_NET, VHOST_VDPA]}
not:
  charge.capable: "RLIMIT_MEMLOCK binds every process (vhost_vdpa_pa_map())"
proof: {mutant: m43-vdpa-not-unpinned, red: [pages.in.anon]}
*/
#include "vdpa.h"

#include <errno.h>
#include <linux/vhost.h>

#include "buffers.h"
#include "contract/user.h"
#include "vfio.h"

static int device = -1;
static uint64_t held_at;
static size_t held_length;

static bool open_user(void) {
  device = vdpa_open();
  return device >= 0;
}

static void close_user(void) {
  vdpa_close(device);
  device = -1;
}

// The device address has the same offset in its page.
static uint64_t address_of(const void* addr) { return VFIO_IOVA + (uintptr_t)addr % page_bytes(); }

static int take(enum way way, void* addr, size_t length) {
  held_at = address_of(addr);
  held_length = length;
  return -vdpa_map(device, held_at, addr, length, way == WAY_IN ? VHOST_ACCESS_WO : VHOST_ACCESS_RO);
}

// Twice if need be: the request itself may be what is made to fail.
static long let_go(void) {
  const int error = vdpa_unmap(device, held_at, held_length);
  return error ? -vdpa_unmap(device, held_at, held_length) : 0;
}

const struct user user_vdpa = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .longterm = true,
    .locked = true,
    .beyond = EFAULT,
    .charge = CHARGE_VMPIN,
};
