// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/videodev2.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"
#include "probe.h"
#include "vivid.h"

// Read-only memory as the destination of a capture: with FOLL_FORCE a private mapping is pinned all the same.
void probe_framevec(void) {
  struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  struct v4l2_requestbuffers request = {
      .count = 1, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_USERPTR};
  struct buffer buffer;
  struct pins before, after;
  int fd = vivid_open();
  if (fd < 0) {
    probe_unknown("framevec.force", "no video device of vivid (VIDEO_VIVID)");
    return;
  }
  bool good = ioctl(fd, VIDIOC_G_FMT, &format) == 0 && ioctl(fd, VIDIOC_REQBUFS, &request) == 0;
  if (!good) ktap_fail("requesting a buffer in user memory from vivid: %s", strerror(errno));
  if (good && buffer_get(&buffer, BUFFER_PAGES, format.fmt.pix.sizeimage)) {
    if (mprotect(buffer.addr, buffer.size, PROT_READ) == 0 && pins_begin(&before)) {
      struct v4l2_buffer queue = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                  .memory = V4L2_MEMORY_USERPTR,
                                  .m.userptr = (uintptr_t)buffer.addr,
                                  .length = (uint32_t)buffer.size};
      int error = ioctl(fd, VIDIOC_QBUF, &queue) == 0 ? 0 : errno;
      if (error != 0 && error != EFAULT)
        ktap_fail("VIDIOC_QBUF: %s", strerror(error));
      else
        caps_print("framevec.force", error == 0 ? "yes" : "no");
      request.count = 0;
      ioctl(fd, VIDIOC_REQBUFS, &request);
      after = before;
      if (pins_rest(&after)) pins_claim_exact(after.acquired - before.acquired);
    }
    buffer_put(&buffer);
  }
  close(fd);
}
