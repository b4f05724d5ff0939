// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on exfat (fs/direct-io.c, on 7.3 iomap)"
rows: [D6]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.exfat], symbols: [EXFAT_FS]}
proof: {mutant: m17-legacy-dio-not-pinned, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(exfat, "exfat");
