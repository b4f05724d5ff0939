// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on ext4 (iomap) by AIO, held by a suspended device below"
rows: [D2, D7]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [AIO, BLK_DEV_DM, BLK_DEV_LOOP, EXT4_FS]}
proof: {mutant: m02-bio-put-refs, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/place_user.h"

PLACE_USER(ext4_dio, place_user_open_ext4);
