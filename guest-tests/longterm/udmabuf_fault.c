// SPDX-License-Identifier: GPL-2.0
// UDMABUF_CREATE with each of its allocations failing in turn: an error, and nothing stays pinned. 6.12 leaks
// its pins when add_to_unpin_list() fails (drivers/dma-buf/udmabuf.c, udmabuf_pin_folios()).
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
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

int main(void) {
  static const struct ktap_case cases[] = {{"each_allocation_fails", each_allocation, NULL}};
  return ktap_run(cases, 1);
}
