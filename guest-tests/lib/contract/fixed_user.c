// SPDX-License-Identifier: GPL-2.0
#include "contract/fixed_user.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "fixed.h"
#include "ktap.h"
#include "pagemap.h"
#include "uring.h"

static struct ring ring = {.fd = -1};
static struct {
  unsigned char* addr;
  size_t length;
  bool registered;
} held;

bool fixed_user_open(unsigned flags) {
  held.registered = false;
  // Its probe pins, which must not come into a measurement.
  return caps_iou_coalesce() >= 0 && ring_open(&ring, 8, flags);
}

void fixed_user_close(void) {
  if (ring.fd >= 0) ring_close(&ring);
  held.registered = false;
}

int fixed_user_take(enum way way, void* addr, size_t length) {
  (void)way;
  const int error = uring_register(ring.fd, addr, length);
  held.registered = error == 0;
  held.addr = addr;
  held.length = length;
  return error;
}

long fixed_user_let_go(long (*transfer)(struct ring* ring, void* addr, size_t length)) {
  if (!held.registered) return 0;
  const long done = transfer(&ring, held.addr, held.length);
  const int error = uring_unregister(ring.fd);
  held.registered = false;
  return error ? error : done;
}

static int device = -1;

bool fixed_device_open(void) {
  device = memfd_create("device", MFD_CLOEXEC);
  return device >= 0 || ktap_fail("memfd_create: %s", strerror(errno));
}

void fixed_device_close(void) {
  if (device >= 0) close(device);
  device = -1;
}

// Its data, where it has any, comes at the end, as by DMA.
long fixed_device_transfer(struct ring* by, void* addr, size_t length) {
  if (lseek(device, 0, SEEK_END) < (off_t)length) return 0;
  return ring_transfer(by, IORING_OP_READ_FIXED, device, addr, length, 0, 0);
}

bool fixed_device_store(const void* data, size_t length) {
  if (ftruncate(device, 0) < 0 || pwrite(device, data, length, 0) != (ssize_t)length)
    return ktap_fail("storing %zu bytes in a memfd: %s", length, strerror(errno));
  return true;
}

bool fixed_device_load(void* data, size_t length) {
  return pread(device, data, length, 0) == (ssize_t)length || ktap_fail("loading from a memfd");
}

struct folios {
  long long base;   // pages of none
  long long large;  // how many
  long long pages;  // that those have
  bool apart;       // pages of one that do not follow each other
};

static struct folios folios_in(const uint64_t* pfns, size_t count) {
  struct folios found = {0};
  // Of the last large folio, of which base pages may be in between; what would come after the page before.
  uint64_t first = 0, end = 0, next = 0;
  for (size_t i = 0; i < count; ++i) {
    if (pfns[i] == 0 || pfns[i] < first || pfns[i] >= end) {
      if (next < end) found.apart = true;
      uint64_t start = 0;
      const size_t pages = pfns[i] ? pagemap_folio(pfns[i], &start) : 1;
      if (pages == 1) {
        ++found.base;
      } else {
        first = start;
        end = start + pages;
        ++found.large;
        found.pages += (long long)pages;
        if (i > 0 && pfns[i] != first) found.apart = true;
      }
    } else if (pfns[i] != next) {
      found.apart = true;
    }
    next = end ? pfns[i] + 1 : 0;
  }
  return found;
}

static bool any_absent(const uint64_t* pfns, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (pfns[i] == 0) return true;
  }
  return false;
}

// A page that is being migrated has no frame, and one that was has another: looks until two looks agree.
static struct folios folios_of(const void* addr, size_t length) {
  enum { most = 20 };
  const unsigned char* first = (const unsigned char*)((uintptr_t)addr / page_bytes() * page_bytes());
  const size_t count = pages_spanned(addr, length);
  struct folios found = {0};
  uint64_t* pfns = calloc(2 * count, sizeof(*pfns));
  if (!pfns) {
    ktap_fail("no memory for %zu frame numbers", 2 * count);
    return found;
  }
  pagemap_look(first, count, pfns);
  for (int looks = 0; looks < most; ++looks) {
    found = folios_in(pfns, count);
    pagemap_look(first, count, pfns + count);
    const bool whole = found.large == 0 || !any_absent(pfns, count);
    if (whole && memcmp(pfns, pfns + count, count * sizeof(*pfns)) == 0) break;
    memcpy(pfns, pfns + count, count * sizeof(*pfns));
  }
  free(pfns);
  return found;
}

void fixed_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way;
  counts->acquired = counts->kept = (long long)pages_spanned(addr, length);
  const struct folios found = counts->kept > 1 ? folios_of(addr, length) : (struct folios){0};
  if (found.large && !found.base && !found.apart && caps_iou_coalesce() == 1) counts->kept = found.large;
}

long long fixed_user_charged(const void* addr, size_t length) {
  const struct folios found = folios_of(addr, length);
  return (found.base + found.pages) * (long long)page_bytes();
}
