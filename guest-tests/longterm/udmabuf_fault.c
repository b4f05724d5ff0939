// SPDX-License-Identifier: GPL-2.0
// UDMABUF_CREATE with each of its allocations failing in turn: an error, and nothing stays pinned. 6.12 leaks
// its pins when add_to_unpin_list() fails (drivers/dma-buf/udmabuf.c, udmabuf_pin_folios()), not those of
// pages before one that cannot be allocated (mm/gup.c, memfd_pin_folios()).
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, limit = 200 };

struct attempt {
  int driver;
  struct udmabuf_create request;
  int refused;
};

static bool attempt(void* context, int nth) {
  struct attempt* a = context;
  if (!fault_nth_arm(nth)) return false;
  int dmabuf = ioctl(a->driver, UDMABUF_CREATE, &a->request);
  int error = errno;
  bool injected = fault_nth_disarm();
  if (dmabuf >= 0) close(dmabuf);
  // EFAULT: reading the request can be made to fail, too.
  if (dmabuf < 0 && error != ENOMEM && error != EFAULT)
    ktap_fail("with allocation %d failing: %s", nth, strerror(error));
  a->refused += dmabuf < 0;
  return injected;
}

static void each_allocation(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct attempt a = {.driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC)};
  if (a.driver < 0) {
    ktap_skip("/dev/udmabuf: %s (UDMABUF)", strerror(errno));
    return;
  }
  if (fault_nth_ready() && buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) {
    fcntl(buffer.fd, F_ADD_SEALS, F_SEAL_SHRINK);
    a.request = (struct udmabuf_create){
        .memfd = (unsigned)buffer.fd, .flags = UDMABUF_FLAGS_CLOEXEC, .size = buffer.size};
    if (pins_begin(&before)) {
      int injected = fault_each(attempt, &a, limit);
      ktap_note("%d faults, %d times refused", injected, a.refused);
      pins_expect_at_least(&before, 0, 0);
      buffer_seal(&buffer);
    }
    buffer_put(&buffer);
  }
  close(a.driver);
}

// A memfd without pages: they are allocated one by one, while those before are pinned already. Returns how
// many of them there are then; `nth`: of the allocations fails, 0: none.
static size_t allocate(struct attempt* a, int nth, bool* refused) {
  struct stat file = {0};
  const int fd = memfd_create("hole", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate(fd, (off_t)(pages * page_bytes())) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
    ktap_fail("a memfd: %s", strerror(errno));
  a->request = (struct udmabuf_create){
      .memfd = (unsigned)fd, .flags = UDMABUF_FLAGS_CLOEXEC, .size = pages * page_bytes()};
  if (nth && !fault_nth_arm(nth)) return pages;
  const int dmabuf = ioctl(a->driver, UDMABUF_CREATE, &a->request);
  if (nth) fault_nth_disarm();
  *refused = dmabuf < 0;
  if (dmabuf >= 0) close(dmabuf);
  if (fstat(fd, &file) < 0) ktap_fail("fstat: %s", strerror(errno));
  // None of its pages has a reference left.
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0) ktap_fail("sealing the memfd: %s", strerror(errno));
  close(fd);
  return (size_t)file.st_blocks * 512 / page_bytes();
}

// What is pinned when a page in the middle cannot be allocated is unpinned, and nothing else: the first one
// is complete, so that what the kernel leaves in the freed list of them is no pointer that it may release.
static void middle_of_hole(const void* arg) {
  (void)arg;
  struct pins before;
  struct attempt a = {.driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC)};
  if (a.driver < 0) {
    ktap_skip("/dev/udmabuf: %s (UDMABUF)", strerror(errno));
    return;
  }
  if (fault_nth_ready() && pins_begin(&before)) {
    bool refused;
    size_t there = allocate(&a, 0, &refused);
    if (refused || there != pages) ktap_fail("%zu of %d pages are allocated", there, pages);
    pins_expect_at_least(&before, 0, 0);
    int in_the_middle = 0;
    // The kernel does without some allocations. No further than half: then comes what 6.12 leaks.
    for (int nth = 1; nth < limit && (!refused || there < pages / 2) && !ktap_failed(); ++nth) {
      there = allocate(&a, nth, &refused);
      in_the_middle += refused && there > 0;
      pins_expect_at_least(&before, 0, 0);
    }
    ktap_note("%d times refused with pages pinned", in_the_middle);
    if (in_the_middle < 2) ktap_fail("no fault came between the pages");
  }
  close(a.driver);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"middle_of_hole_fails", middle_of_hole, NULL},
      {"each_allocation_fails", each_allocation, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
