// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a block device by AIO, held by a device-mapper device below that is suspended"
rows: [D1, D7]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [AIO, BLK_DEV_DM, BLK_DEV_LOOP]}
proof:
  - {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
  - {mutant: m210-bio-dirties-first, red: [dirty.free_held.anon], pages: "0"}
  - {mutant: m220-uffd-moves-pinned, red: [stay.uffd_move.anon], pages: "0"}
  - {mutant: m221-bio-offset-in-page, red: [data.in.thp, data.out.thp, data.in.hugetlb], pages: "0"}
*/
#include "contract/place_user.h"

PLACE_USER(bdev_aio, place_user_open_bdev);
