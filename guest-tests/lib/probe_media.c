// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"
#include "probe.h"
#include "uffd.h"
#include "vivid.h"

// Read-only memory as the destination of a capture: with FOLL_FORCE a private mapping is pinned all the same.
void probe_framevec(void) {
  struct buffer buffer;
  struct pins before, after;
  int fd = vivid_open();
  if (fd < 0) {
    probe_unknown("framevec.force", "no video device of vivid (VIDEO_VIVID)");
    return;
  }
  const size_t length = vivid_frame_bytes(fd);
  if (length && vivid_request(fd, 1) && buffer_get(&buffer, BUFFER_PAGES, length)) {
    if (mprotect(buffer.addr, buffer.size, PROT_READ) == 0 && pins_begin(&before)) {
      int error = vivid_queue(fd, buffer.addr, length);
      if (error != 0 && error != EFAULT)
        ktap_fail("VIDIOC_QBUF: %s", strerror(error));
      else
        caps_found("framevec.force", error == 0 ? "yes" : "no");
      vivid_request(fd, 0);
      after = before;
      if (pins_rest(&after)) pins_claim_exact(after.acquired - before.acquired);
    }
    buffer_put(&buffer);
  }
  close(fd);
}

static bool buffer_waits(int fd) {
  struct uffd uffd;
  struct pins before, after;
  bool waits = false;
  const size_t length = vivid_frame_bytes(fd), pages = (length + page_bytes() - 1) / page_bytes();
  if (length && vivid_request(fd, 1) && uffd_open(&uffd, pages, 1, 0)) {
    if (pins_begin(&before)) {
      const int error = vivid_queue(fd, uffd.area, length);
      if (error != 0 && error != EFAULT)
        ktap_fail("VIDIOC_QBUF: %s", strerror(error));
      else
        caps_print("framevec.unlock", (waits = error == 0) ? "yes" : "no");
      vivid_request(fd, 0);
      after = before;
      if (pins_rest(&after)) pins_claim_exact(after.acquired - before.acquired);
    }
    uffd_close(&uffd);
  }
  return waits;
}

bool probe_framevec_waits(void) {
  static bool asked, waits;
  const int fd = asked ? -1 : vivid_open();
  asked = true;
  if (fd >= 0) {
    waits = buffer_waits(fd);
    close(fd);
  }
  return waits;
}
