// SPDX-License-Identifier: GPL-2.0
// NVME_IOCTL_IO_CMD on the block device: one flat piece of memory per command.
#include "ktap.h"
#include "nvme_shapes.h"

static bool open_block(struct nvme* nvme) { return nvme_open(nvme, DRIVE_RAW, 1, false); }

int main(void) {
  static const struct nvme_way way = {.open = open_block, .submit = nvme_io_cmd};
  return nvme_shapes_run(&way);
}
