// SPDX-License-Identifier: GPL-2.0
#include "contract/fixed_user.h"

#include <errno.h>
#include <stdint.h>
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

static const uint64_t head = 1ull << 15, tail = 1ull << 16;  // kernel-page-flags.h

static long long folio_pages(uint64_t frame) {
  long long pages = 1;
  while (pagemap_flags(frame) & tail) --frame;
  while (pagemap_flags(frame + (uint64_t)pages) & tail) ++pages;
  return pages;
}

static struct folios folios_of(const void* addr, size_t length) {
  struct folios found = {0};
  const unsigned char* first = (const unsigned char*)((uintptr_t)addr / page_bytes() * page_bytes());
  const size_t count = pages_spanned(addr, length);
  uint64_t last = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t frame = pagemap_pfn(first + i * page_bytes());
    const uint64_t flags = frame ? pagemap_flags(frame) : 0;
    if (!(flags & (head | tail))) {
      ++found.base;
    } else if (i == 0 || flags & head) {
      ++found.large;
      found.pages += folio_pages(frame);
      if (i > 0 && (pagemap_flags(last + 1) & tail)) found.apart = true;
    } else if (frame != last + 1) {
      found.apart = true;
    }
    last = frame;
  }
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
