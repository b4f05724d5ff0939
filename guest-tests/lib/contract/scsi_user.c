// SPDX-License-Identifier: GPL-2.0
#include "contract/scsi_user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "ktap.h"
#include "nvme.h"
#include "scsi.h"
#include "scsi_pieces.h"

static struct scsi scsi = {.fd = -1};
static int disk = -1;

bool scsi_user_open(enum scsi_node node) {
  disk = scsi_target.open(O_RDWR);
  return disk >= 0 && scsi_open(&scsi, node);
}

void scsi_user_close(void) {
  scsi_close(&scsi);
  if (disk >= 0) close(disk);
  disk = -1;
}

long scsi_user_carry(enum way way, void* addr, size_t length) {
  const struct scsi_io io = {
      .write = way == WAY_OUT, .addr = addr, .length = length, .offset = scsi_target.offset};
  const int status = scsi_transfer(&scsi, &io, NULL);
  if (status > 0) ktap_note("SCSI status %d", status);
  return status > 0 ? -EIO : status < 0 ? status : (long)length;
}

bool scsi_user_store(const void* data, size_t length) {
  return (pwrite(disk, data, length, scsi_target.offset) == (ssize_t)length && device_drop_cache(disk)) ||
         ktap_fail("storing %zu bytes on the disk: %s", length, strerror(errno));
}

bool scsi_user_load(void* data, size_t length) {
  return (device_drop_cache(disk) && pread(disk, data, length, scsi_target.offset) == (ssize_t)length) ||
         ktap_fail("loading %zu bytes from the disk: %s", length, strerror(errno));
}
