// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a device-mapper device whose pieces end within pages, so that bios are split there"
rows: [D1]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-raw], symbols: [BLK_DEV_NVME, BLK_DEV_DM]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "dm.h"

#include "contract/dio_user.h"
#include "contract/once.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"

enum {
  sector = 512,
  piece_sectors = 3 * 4096 / sector + 1,
  pieces = dio_user_most / sector / piece_sectors + 1
};

static struct dm dm;

static bool make_device(void) {
  char drive[300];
  if (!device_find(DRIVE_RAW, 1, drive, sizeof(drive)))
    return ktap_skip("the machine has no drive " DRIVE_RAW);
  return dm_open_reversed(&dm, "pinrig-user", drive, (unsigned long long)drive_raw.offset / sector, pieces,
                          piece_sectors);
}

static void remove_device(void) { dm_close(&dm); }

static bool open_user(void) { return once_made(make_device, remove_device) && dio_user_open(dm.path, 0); }

const struct user user_dm = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = dio_user_close,
    .mode = caps_dio_bdev,
    .carry = dio_user_carry,
    .carry_pieces = dio_user_carry_pieces,
    .store = dio_user_store,
    .load = dio_user_load,
    .align = 512,
    .most = dio_user_most,
};
