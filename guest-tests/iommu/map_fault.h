// SPDX-License-Identifier: GPL-2.0
// Maps memory for a device with each allocation failing in turn: with or without an error, nothing stays
// pinned.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"

enum { MAP_FAULT_PAGES = 16, MAP_FAULT_LIMIT = 400 };

struct map_fault {
  int (*map)(void* device, const void* addr, size_t length);  // 0, or an errno value
  int (*unmap)(void* device, size_t length);
  int (*prepare)(void* device, const void* addr, size_t length);  // once, before the first fault; or NULL
  int (*clean)(void* device, size_t length);
  void* device;
  unsigned char* addr;
  int refused;
};

// 16 pages with discontiguous frames, because drivers merge contiguous ones: a memfd's
// pages in the order 0, 5, 10, ...
static inline unsigned char* map_fault_scatter(int memfd) {
  const size_t size = page_bytes();
  unsigned char* area = mmap(NULL, MAP_FAULT_PAGES * size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
  for (size_t i = 0; area != MAP_FAILED && i < MAP_FAULT_PAGES; ++i) {
    const off_t at = (off_t)(i * 5 % MAP_FAULT_PAGES * size);
    if (mmap(area + i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, at) == MAP_FAILED)
      return MAP_FAILED;
    area[i * size] = 1;
  }
  return area;
}

static inline bool map_fault_attempt(void* context, int nth) {
  struct map_fault* f = context;
  const size_t length = MAP_FAULT_PAGES * page_bytes();
  if (!fault_nth_arm(nth)) return false;
  int error = f->map(f->device, f->addr, length);
  bool injected = fault_nth_disarm();
  // Copying the request can also be made to fail. EINVAL of vhost and ENOENT of iommufd were seen on 6.12 and
  // are not traced to their source.
  if (error && error != ENOMEM && error != EFAULT && error != EINVAL && error != ENOENT)
    ktap_fail("with allocation %d failing: %s", nth, strerror(error));
  f->refused += error != 0;
  // If only the answer could not be written, the memory is mapped.
  int left = f->unmap(f->device, length);
  if (!error && left)
    ktap_fail("what was mapped with allocation %d failing is not unmapped: %s", nth, strerror(left));
  return injected;
}

// Checked with the counters, and by sealing the memfd afterwards.
static inline void map_fault_run(struct map_fault* f) {
  struct buffer buffer;
  struct pins before;
  if (!fault_nth_ready() || !buffer_get(&buffer, BUFFER_MEMFD, MAP_FAULT_PAGES * page_bytes())) return;
  f->addr = map_fault_scatter(buffer.fd);
  int error = f->addr == MAP_FAILED ? errno : f->prepare ? f->prepare(f->device, f->addr, buffer.size) : 0;
  if (error) {
    ktap_fail("getting ready: %s", strerror(error));
  } else if (pins_begin(&before)) {
    int injected = fault_each(map_fault_attempt, f, MAP_FAULT_LIMIT);
    ktap_note("%d faults, %d times refused", injected, f->refused);
    pins_expect_at_least(&before, MAP_FAULT_PAGES, 0);
    if (f->clean) f->clean(f->device, buffer.size);
    munmap(f->addr, MAP_FAULT_PAGES * page_bytes());
    buffer_seal(&buffer);
  }
  buffer_put(&buffer);
}
