// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a V4L2 USERPTR buffer of the vivid capture device, pinned by a frame vector while the buffer exists"
rows: [G7]
traits: [in, hold, longterm]
needs: {symbols: [VIDEO_VIVID]}
not:
  stay.split.mthp: "a frame takes all of the folio, so that no page of it can be removed while it is held"
proof: {mutant: m13-frame-vector-no-longterm, red: [longterm.movable.anon]}
*/
#include "vivid.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "contract/user.h"
#include "ktap.h"
#include "probe.h"

enum { width = 320, height = 180 };

static int camera = -1;

// Like vivid_request(), but a failure may be the one that is injected.
static int request(unsigned count) {
  struct v4l2_requestbuffers buffers = {
      .count = count, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_USERPTR};
  return ioctl(camera, VIDIOC_REQBUFS, &buffers) < 0 ? errno : 0;
}

// The smallest frame, so that a buffer of a few pages is enough.
static bool open_user(void) {
  struct v4l2_format format = {
      .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
      .fmt.pix = {.width = width, .height = height, .pixelformat = V4L2_PIX_FMT_GREY}};
  camera = vivid_open();
  if (camera < 0) return ktap_skip("no vivid capture device (VIDEO_VIVID)");
  if (ioctl(camera, VIDIOC_S_FMT, &format) < 0) return ktap_fail("VIDIOC_S_FMT: %s", strerror(errno));
  return format.fmt.pix.sizeimage == width * height ||
         ktap_fail("a frame has %u bytes", format.fmt.pix.sizeimage);
}

static void close_user(void) {
  if (camera >= 0) close(camera);
  camera = -1;
}

static long let_go(void) { return request(0) ? -request(0) : 0; }

static int take(enum way way, void* addr, size_t length) {
  (void)way;
  int error = request(1);
  if (error) return -error;
  error = vivid_queue(camera, addr, length);
  // Freed either way: what is refused for the copy of the answer may be queued.
  if (error) let_go();
  return -error;
}

const struct user user_vivid = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = take,
    .let_go = let_go,
    // A frame, in whole pages of any size.
    .least = 64 << 10,
    .longterm = true,
    // Frame vectors of 5.10 do not ask for FOLL_LONGTERM.
    .waits = probe_framevec_waits,
};
