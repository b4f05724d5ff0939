// SPDX-License-Identifier: GPL-2.0
#include "gupdrv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

int gupdrv_open(void) {
  int fd = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);
  if (fd < 0) ktap_skip("/sys/kernel/debug/gup_test: %s (CONFIG_GUP_TEST)", strerror(errno));
  return fd;
}

bool gupdrv_run(int fd, unsigned long command, void* addr, size_t length, struct gup_request* request) {
  request->addr = (unsigned long)addr;
  request->size = length;
  if (request->pages_per_call == 0) request->pages_per_call = 1;
  return ioctl(fd, command, request) == 0 || ktap_fail("the gup_test driver: %s", strerror(errno));
}

bool gupdrv_new_flags(int fd, bool* new_flags) {
  struct buffer page;
  struct gup_request request = {.flags = 1u << 16};
  if (!buffer_get(&page, BUFFER_PAGES, page_bytes())) return false;
  bool good = gupdrv_run(fd, PIN_BASIC, page.addr, page.size, &request);
  *new_flags = request.size == 0;
  if (good) pins_claim_at_least(*new_flags ? 0 : 1);
  if (good && *new_flags) ktap_expect_kernel("mm/gup.c");
  buffer_put(&page);
  return good;
}
