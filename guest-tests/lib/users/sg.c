// SPDX-License-Identifier: GPL-2.0
/* user:
what: "READ(10) and WRITE(10) by SG_IO on the disk's /dev/sgN, which may map user memory (allow_dio)"
rows: [P4]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], devices: [scsi], symbols: [SCSI_VIRTIO, BLK_DEV_SD, CHR_DEV_SG]}
proof: {mutant: m18-passthrough-unpins-twice, red: [release.half_in.anon]}
*/
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "contract/scsi_user.h"
#include "ktap.h"

static bool allow(const char* value) {
  static const char path[] = "/sys/module/sg/parameters/allow_dio";
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool good = fd >= 0 && write(fd, value, 1) == 1;
  if (!good) ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

static bool open_user(void) { return scsi_user_open(SCSI_SG) && allow("1"); }

static void close_user(void) {
  allow("0");
  scsi_user_close();
}

const struct user user_sg = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = caps_dio_passthru,
    .carry = scsi_user_carry,
    .store = scsi_user_store,
    .load = scsi_user_load,
    .align = 512,
    .most = 256 << 10,
};
