// SPDX-License-Identifier: GPL-2.0
// NVME_IOCTL_IO64_CMD on the generic character device /dev/ngXnY (since 5.13).
#include "ktap.h"
#include "nvme_shapes.h"

static bool open_generic(struct nvme* nvme) { return nvme_open(nvme, DRIVE_RAW, 1, true); }

int main(void) {
  static const struct nvme_way way = {.open = open_generic, .submit = nvme_io64_cmd};
  return nvme_shapes_run(&way);
}
