// SPDX-License-Identifier: GPL-2.0
/* user:
what: "memory mapped for a PCI device by the type 1 IOMMU of VFIO, reached by the DMA of an e1000e"
rows: [G20]
traits: [in, out, data, hold, longterm, charged, limited]
# With an IOMMU the transfers of all devices take another way: the parameter, which is the default, keeps
# other users out of that guest.
needs: {devices: [iommu], kernel_args: ["iommu.strict=1"], symbols: [VFIO_PCI]}
not:
  data.long_in: "the device copies one frame at a time; a mapping is taken at once, whatever its length"
  data.long_out: "the device copies one frame at a time; a mapping is taken at once, whatever its length"
  never.taken.pfnmap: "device registers are mapped on purpose, for transfers between devices, and not pinned"
proof: {mutant: m40-vfio-not-unpinned, red: [pages.in.anon]}
*/
#include "vfio.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>

#include "contract/user.h"
#include "e1000e.h"
#include "ktap.h"
#include "pins.h"

// A frame; whole ones in a page.
enum { most = 2 << 20, far_pages = 32, frame = 1024 };
#define RINGS VFIO_IOVA
#define OTHER (VFIO_IOVA + 0x100000)
#define HELD (VFIO_IOVA + 0x200000)

static struct vfio vfio = {-1, -1, -1};
static struct e1000e nic;
static struct buffer other;
static enum way held_way;
static size_t held_length, stored;
static bool opened;

static bool open_user(void) {
  opened = true;
  stored = held_length = 0;
  other = (struct buffer){.map = MAP_FAILED, .fd = -1};
  nic = (struct e1000e){.registers = MAP_FAILED, .rings = other};
  if (!vfio_open(&vfio) || !e1000e_start(&nic, &vfio, RINGS) ||
      !buffer_get(&other, BUFFER_PAGES, far_pages * page_bytes()))
    return false;
  const int error =
      vfio_map(&vfio, other.addr, other.size, OTHER, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
  pins_claim_at_least(1 + far_pages);
  return !error || ktap_fail("VFIO_IOMMU_MAP_DMA of the other end: %s", strerror(error));
}

static void close_user(void) {
  if (!opened) return;
  opened = false;
  e1000e_stop(&nic);
  vfio_close(&vfio);
  buffer_put(&other);
}

static int take(enum way way, void* addr, size_t length) {
  const unsigned flag = way == WAY_IN ? VFIO_DMA_MAP_FLAG_WRITE : VFIO_DMA_MAP_FLAG_READ;
  const int error = vfio_map(&vfio, addr, length, HELD, flag);
  held_way = way;
  held_length = error ? 0 : length;
  return -error;
}

// The device copies frame by frame what store() announced.
static long carried(void) {
  if (stored < held_length) return 0;
  for (size_t at = 0; at < held_length; at += frame) {
    const uint64_t from = held_way == WAY_IN ? OTHER : HELD, to = held_way == WAY_IN ? HELD : OTHER;
    if (!e1000e_copy(&nic, RINGS, from + at, to + at, frame)) return -ETIME;
  }
  return (long)held_length;
}

static long let_go(void) {
  size_t undone;
  if (!held_length) return 0;
  const long done = carried();
  // The request itself may be what is made to fail.
  int error = vfio_unmap(&vfio, HELD, held_length, &undone);
  if (error) error = vfio_unmap(&vfio, HELD, held_length, &undone);
  // Before 6.2 what another process has mapped stays, and only the size says so.
  if (!error && undone == 0) error = EPERM;
  held_length = 0;
  return error ? -error : done;
}

static bool store(const void* data, size_t length) {
  stored = length <= other.size ? length : 0;
  memcpy(other.addr, data, stored);
  return stored || ktap_fail("%zu bytes are more than the other end has", length);
}

static bool load(void* data, size_t length) {
  memcpy(data, other.addr, length);
  return true;
}

const struct user user_vfio = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .store = store,
    .load = load,
    .align = USER_WHOLE_PAGES,
    .most = most,
    .longterm = true,
    .locked = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMLCK,
};
