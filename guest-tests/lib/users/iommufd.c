// SPDX-License-Identifier: GPL-2.0
/* user:
what: "an iommufd access object (a driver without an IOMMU) that pins memory, reads and writes it"
rows: [G21]
traits: [in, out, data, hold, longterm, charged, limited]
needs: {symbols: [IOMMUFD, IOMMUFD_TEST]}
proof:
  - {mutant: m41-iommufd-unpins-one, red: [pages.in.anon]}
  - {mutant: m213-iommufd-stays-movable, red: [longterm.movable.anon, longterm.file.fsdax], pages: "0"}
*/
#include "iommufd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/user.h"
#include "ktap.h"
#include "vfio.h"

enum { most = 2 << 20 };

static int iommufd = -1, driver = -1;
static uint32_t space, pinned;
static enum way held_way;
static size_t held_length, stored;
static unsigned char* other;

static bool open_user(void) {
  held_length = stored = 0;
  other = calloc(1, most);
  iommufd = iommufd_open();
  if (!other || iommufd < 0 || !(space = iommufd_space(iommufd))) return false;
  driver = iommufd_access(iommufd, space);
  return driver >= 0;
}

static void close_user(void) {
  if (driver >= 0) close(driver);
  if (iommufd >= 0) close(iommufd);
  free(other);
  iommufd = driver = -1;
  other = NULL;
}

// Twice if need be: the request itself may be what is made to fail.
static int unmap(size_t length) {
  uint64_t undone;
  const int error = iommufd_unmap(iommufd, space, VFIO_IOVA, length, &undone);
  return error ? iommufd_unmap(iommufd, space, VFIO_IOVA, length, &undone) : 0;
}

static int take(enum way way, void* addr, size_t length) {
  int error = iommufd_map(iommufd, space, addr, length, VFIO_IOVA, way == WAY_IN ? IOMMUFD_RW : IOMMUFD_READ);
  if (!error) error = iommufd_access_pin(iommufd, driver, VFIO_IOVA, addr, length, way == WAY_IN, &pinned);
  // Also after a failure to copy the answer, which leaves the mapping.
  if (error) unmap(length);
  held_way = way;
  held_length = error ? 0 : length;
  return -error;
}

static long let_go(void) {
  const size_t length = held_length;
  // Through the held pages; a single one would be pinned again for it, unless it is copied.
  const unsigned how = length > page_bytes() ? IOMMUFD_RW_SLOW : 0,
                 flags = how | (held_way == WAY_IN ? IOMMUFD_RW_WRITE : 0);
  if (!length) return 0;
  int error = 0;
  if (stored >= length) error = iommufd_access_rw(iommufd, driver, VFIO_IOVA, other, length, flags);
  int unpinned = iommufd_access_unpin(iommufd, driver, pinned);
  if (unpinned) unpinned = iommufd_access_unpin(iommufd, driver, pinned);
  const int unmapped = unmap(length);
  held_length = 0;
  if (!error) error = unpinned ? unpinned : unmapped;
  return error ? -error : stored >= length ? (long)length : 0;
}

static bool store(const void* data, size_t length) {
  memcpy(other, data, length);
  stored = length;
  return true;
}

static bool load(void* data, size_t length) {
  memcpy(data, other, length);
  return true;
}

const struct user user_iommufd = {
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
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
};
