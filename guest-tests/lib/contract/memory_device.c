// SPDX-License-Identifier: GPL-2.0
// Pages that have moved to the memory of a device that no CPU can address: the kernel's test
// driver of heterogeneous memory. Whoever takes them has to bring them back first.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "contract/memory_maker.h"
#include "ktap.h"

// lib/test_hmm_uapi.h
struct mirror {
  uint64_t addr, data, pages, copied, faults;
};
#define MIGRATE_TO_DEVICE _IOWR('H', 2, struct mirror)

bool memory_make_device(struct memory* memory, size_t size) {
  // EINTR where work of a ring waits for this thread (mm_take_all_locks()).
  do {
    memory->fd = open("/dev/hmm_dmirror0", O_RDWR | O_CLOEXEC);
  } while (memory->fd < 0 && errno == EINTR);
  if (memory->fd < 0) return ktap_skip("/dev/hmm_dmirror0: %s (TEST_HMM)", strerror(errno));
  if (!memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)) return false;
  madvise(memory->addr, memory->size, MADV_NOHUGEPAGE);
  memset(memory->addr, 0, memory->size);
  unsigned char* copy = malloc(memory->size);
  struct mirror request = {
      .addr = (uintptr_t)memory->addr, .data = (uintptr_t)copy, .pages = memory->size / page_bytes()};
  const bool moved = copy && ioctl(memory->fd, MIGRATE_TO_DEVICE, &request) == 0;
  const int error = errno;
  free(copy);
  if (!moved) return ktap_fail("moving pages to the device: %s", strerror(error));
  return request.copied == request.pages ||
         ktap_fail("%llu of %llu pages moved to the device", (unsigned long long)request.copied,
                   (unsigned long long)request.pages);
}
