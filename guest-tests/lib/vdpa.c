// SPDX-License-Identifier: GPL-2.0
#include "vdpa.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vdpa.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "genl.h"
#include "ktap.h"

int vdpa_open(void) {
  const struct genl_string words[] = {{VDPA_ATTR_MGMTDEV_DEV_NAME, "vdpasim_net"},
                                      {VDPA_ATTR_DEV_NAME, "pinrig"}};
  char use_va = 'N';
  int parameter = open("/sys/module/vdpa_sim/parameters/use_va", O_RDONLY | O_CLOEXEC),
      family = genl_family("vdpa");
  if (parameter >= 0 && read(parameter, &use_va, 1) < 0) use_va = '?';
  if (parameter >= 0) close(parameter);
  if (family < 0 || use_va != 'N') {
    ktap_skip("%s", family < 0 ? "no vDPA (VDPA)"
                               : "the simulator uses virtual addresses (vdpa_sim.use_va=0 is needed)");
    return -1;
  }
  int error = genl_request(family, VDPA_CMD_DEV_NEW, words, 2);
  if (error == ENODEV)
    ktap_skip("no simulated device (VDPA_SIM_NET)");
  else if (error)
    ktap_fail("VDPA_CMD_DEV_NEW: %s", strerror(error));
  int fd = error ? -1 : open("/dev/vhost-vdpa-0", O_RDWR | O_CLOEXEC);
  if (!error && fd < 0) ktap_skip("/dev/vhost-vdpa-0: %s (VHOST_VDPA)", strerror(errno));
  if (fd >= 0 && ioctl(fd, VHOST_SET_OWNER) < 0) ktap_fail("VHOST_SET_OWNER: %s", strerror(errno));
  return fd;
}

void vdpa_close(int fd) {
  const struct genl_string word = {VDPA_ATTR_DEV_NAME, "pinrig"};
  if (fd >= 0) close(fd);
  int family = genl_family("vdpa");
  if (family > 0) genl_request(family, VDPA_CMD_DEV_DEL, &word, 1);
}

static int message(int fd, uint8_t type, uint64_t iova, const void* addr, uint64_t length, uint8_t access) {
  struct vhost_msg_v2 message = {.type = VHOST_IOTLB_MSG_V2,
                                 .iotlb = {iova, length, (uintptr_t)addr, access, type}};
  return write(fd, &message, sizeof(message)) == sizeof(message) ? 0 : errno;
}

int vdpa_map(int fd, uint64_t iova, const void* addr, size_t length, uint8_t access) {
  return message(fd, VHOST_IOTLB_UPDATE, iova, addr, length, access);
}

int vdpa_unmap(int fd, uint64_t iova, size_t length) {
  return message(fd, VHOST_IOTLB_INVALIDATE, iova, NULL, length, 0);
}
