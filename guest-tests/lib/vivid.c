// SPDX-License-Identifier: GPL-2.0
#include "vivid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"

int vivid_open(void) {
  for (int i = 0; i < 64; ++i) {
    char path[24];
    struct v4l2_capability caps = {0};
    snprintf(path, sizeof(path), "/dev/video%d", i);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) continue;
    if (ioctl(fd, VIDIOC_QUERYCAP, &caps) == 0 && strcmp((const char*)caps.driver, "vivid") == 0 &&
        (caps.device_caps & V4L2_CAP_VIDEO_CAPTURE))
      return fd;
    close(fd);
  }
  return -1;
}

bool vivid_request(int camera, unsigned count) {
  struct v4l2_requestbuffers request = {
      .count = count, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_USERPTR};
  return ioctl(camera, VIDIOC_REQBUFS, &request) == 0 || ktap_fail("VIDIOC_REQBUFS: %s", strerror(errno));
}

size_t vivid_frame_bytes(int camera) {
  struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  if (ioctl(camera, VIDIOC_G_FMT, &format) == 0) return format.fmt.pix.sizeimage;
  ktap_fail("VIDIOC_G_FMT: %s", strerror(errno));
  return 0;
}

int vivid_queue(int camera, void* addr, size_t length) {
  struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                               .memory = V4L2_MEMORY_USERPTR,
                               .m.userptr = (unsigned long)addr,
                               .length = (unsigned)length};
  return ioctl(camera, VIDIOC_QBUF, &buffer) < 0 ? errno : 0;
}

bool vivid_has_it(int camera) {
  struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_USERPTR};
  if (ioctl(camera, VIDIOC_QUERYBUF, &buffer) < 0) return ktap_fail("VIDIOC_QUERYBUF: %s", strerror(errno));
  return buffer.flags & V4L2_BUF_FLAG_QUEUED;
}
