// SPDX-License-Identifier: GPL-2.0
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"

static bool has_flags(int fd, unsigned flags) {
  struct loop_info64 info;
  if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0) return ktap_fail("LOOP_GET_STATUS64: %s", strerror(errno));
  return (info.lo_flags & flags) == flags ||
         ktap_fail("the loop device has flags %#x, want %#x", info.lo_flags, flags);
}

bool loop_open(struct loop* loop, int file, unsigned flags) {
  *loop = (struct loop){.fd = -1};
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return ktap_skip("no loop devices (BLK_DEV_LOOP): %s", strerror(errno));
  int number = ioctl(control, LOOP_CTL_GET_FREE);
  close(control);
  if (number < 0) return ktap_fail("LOOP_CTL_GET_FREE: %s", strerror(errno));
  snprintf(loop->path, sizeof(loop->path), "/dev/loop%d", number);
  int writer = open(loop->path, O_RDWR | O_CLOEXEC);
  struct loop_config config = {.fd = (uint32_t)file, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR | flags}};
  bool good = writer >= 0 && ioctl(writer, LOOP_CONFIGURE, &config) == 0;
  // A device that is open for writing cannot be mounted (without BLK_DEV_WRITE_MOUNTED).
  loop->fd = good ? open(loop->path, O_RDONLY | O_CLOEXEC) : -1;
  if (loop->fd < 0) ktap_fail("%s: %s", loop->path, strerror(errno));
  if (writer >= 0) close(writer);
  return loop->fd >= 0 && has_flags(loop->fd, flags);
}

void loop_close(struct loop* loop) {
  if (loop->fd >= 0) close(loop->fd);
  loop->fd = -1;
}
