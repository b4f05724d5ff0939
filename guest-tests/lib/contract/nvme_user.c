// SPDX-License-Identifier: GPL-2.0
#include "contract/nvme_user.h"

#include <errno.h>

#include "ktap.h"

static struct nvme nvme = {.fd = -1};

bool nvme_user_open(bool generic) { return dio_user_open_drive() && nvme_open(&nvme, DRIVE_RAW, 1, generic); }

void nvme_user_close(void) {
  nvme_close(&nvme);
  dio_user_close();
}

const struct nvme* nvme_user(void) { return &nvme; }

struct nvme_io nvme_user_io(enum way way, void* addr, size_t length) {
  return (struct nvme_io){
      .write = way == WAY_OUT, .addr = addr, .length = length, .offset = dio_user_offset()};
}

long nvme_user_done(int status, size_t length) {
  if (status > 0) ktap_note("NVMe status %#x", (unsigned)status);
  return status > 0 ? -EIO : status < 0 ? status : (long)length;
}
