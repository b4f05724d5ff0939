// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on vfat (fs/direct-io.c) by AIO, held by a suspended device below"
rows: [D5, D7]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [AIO, BLK_DEV_DM, BLK_DEV_LOOP, VFAT_FS]}
proof: {mutant: m17-legacy-dio-not-pinned, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/place_user.h"

PLACE_USER(vfat, place_user_open_vfat);
