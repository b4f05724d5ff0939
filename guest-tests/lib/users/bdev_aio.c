// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a block device by AIO, held by a device-mapper device below that is suspended"
rows: [D1, D7]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [AIO, BLK_DEV_DM, BLK_DEV_LOOP]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/place_user.h"

PLACE_USER(bdev_aio, place_user_open_bdev);
