// SPDX-License-Identifier: GPL-2.0
#include "vivid.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
