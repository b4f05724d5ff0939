// SPDX-License-Identifier: GPL-2.0
// IORING_OP_URING_CMD on the generic character device: asynchronous passthrough (since 5.19).
#include "ktap.h"
#include "nvme_shapes.h"

static struct ring ring;

static bool open_generic(struct nvme* nvme) {
  ring_close(&ring);
  if (!ring_open(&ring, 4, nvme_ring_flags)) return false;
  return nvme_open(nvme, DRIVE_RAW, 1, true);
}

static int submit(const struct nvme* nvme, const struct nvme_io* io) {
  return nvme_uring_cmd(nvme, &ring, io, false);
}

int main(void) {
  static const struct nvme_way way = {.open = open_generic, .submit = submit, .by_ring = true};
  ring = (struct ring){.fd = -1, .rings = (void*)-1, .sqes = (void*)-1};
  return nvme_shapes_run(&way);
}
