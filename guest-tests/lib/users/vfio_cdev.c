// SPDX-License-Identifier: GPL-2.0
/* user:
what: "memory mapped into an iommufd address space with a PCI device attached by its own file"
rows: [G20, G21]
traits: [in, out, hold, longterm, charged, limited]
# With an IOMMU the transfers of all devices take another way: the parameter, which is the default, keeps
# other users out of that guest.
needs: {devices: [iommu], kernel_args: ["iommu.strict=1"], symbols: [VFIO_PCI, VFIO_DEVICE_CDEV, IOMMUFD]}
proof: {mutant: m41-iommufd-unpins-one, red: [pages.in.anon]}
*/
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "contract/user.h"
#include "iommufd.h"
#include "ktap.h"
#include "vfio.h"

static int iommufd = -1, device = -1;
static uint32_t space;
static size_t held_length;

static bool open_user(void) {
  held_length = 0;
  iommufd = iommufd_open();
  if (iommufd < 0 || !(space = iommufd_space(iommufd))) return false;
  device = vfio_open_cdev();
  if (device < 0) return false;
  int error = iommufd_vfio_bind(iommufd, device);
  if (error) return ktap_fail("VFIO_DEVICE_BIND_IOMMUFD: %s", strerror(error));
  error = iommufd_vfio_attach(device, space);
  return !error || ktap_fail("VFIO_DEVICE_ATTACH_IOMMUFD_PT: %s", strerror(error));
}

static void close_user(void) {
  if (device >= 0) close(device);
  if (iommufd >= 0) close(iommufd);
  iommufd = device = -1;
}

// Twice if need be: the request itself may be what is made to fail.
static int unmap(size_t length) {
  uint64_t undone;
  const int error = iommufd_unmap(iommufd, space, VFIO_IOVA, length, &undone);
  return error ? iommufd_unmap(iommufd, space, VFIO_IOVA, length, &undone) : 0;
}

static int take(enum way way, void* addr, size_t length) {
  const unsigned flag = way == WAY_IN ? IOMMUFD_WRITE : IOMMUFD_READ;
  const int error = iommufd_map(iommufd, space, addr, length, VFIO_IOVA, flag);
  // A failure to copy the answer leaves the mapping.
  if (error) unmap(length);
  held_length = error ? 0 : length;
  return -error;
}

static long let_go(void) {
  if (!held_length) return 0;
  const int error = unmap(held_length);
  held_length = 0;
  return -error;
}

const struct user user_vfio_cdev = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    .align = USER_WHOLE_PAGES,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
};
