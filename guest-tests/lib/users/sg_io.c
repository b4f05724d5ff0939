// SPDX-License-Identifier: GPL-2.0
/* user:
what: "READ(10) and WRITE(10) by SG_IO on a SCSI disk's block device"
rows: [P4]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], devices: [scsi], symbols: [SCSI_VIRTIO, BLK_DEV_SD]}
*/
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "contract/user.h"
#include "devices.h"
#include "ktap.h"
#include "nvme.h"
#include "scsi.h"
#include "scsi_pieces.h"

static struct scsi scsi = {.fd = -1};
static int disk = -1;

static bool open_user(void) {
  disk = scsi_target.open(O_RDWR);
  return disk >= 0 && scsi_open(&scsi, SCSI_BLOCK);
}

static void close_user(void) {
  scsi_close(&scsi);
  if (disk >= 0) close(disk);
  disk = -1;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct scsi_io io = {
      .write = way == WAY_OUT, .addr = addr, .length = length, .offset = scsi_target.offset};
  const int status = scsi_transfer(&scsi, &io, NULL);
  if (status > 0) ktap_note("SCSI status %d", status);
  return status > 0 ? -EIO : status < 0 ? status : (long)length;
}

static bool store(const void* data, size_t length) {
  return (pwrite(disk, data, length, scsi_target.offset) == (ssize_t)length && device_drop_cache(disk)) ||
         ktap_fail("storing %zu bytes on the disk: %s", length, strerror(errno));
}

static bool load(void* data, size_t length) {
  return (device_drop_cache(disk) && pread(disk, data, length, scsi_target.offset) == (ssize_t)length) ||
         ktap_fail("loading %zu bytes from the disk: %s", length, strerror(errno));
}

const struct user user_sg_io = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = caps_dio_passthru,
    .carry = carry,
    .store = store,
    .load = load,
    .align = 512,
    .most = 256 << 10,
};
