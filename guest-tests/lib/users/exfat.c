// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on exfat (fs/direct-io.c)"
rows: [D6]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkfs.exfat], symbols: [EXFAT_FS]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(exfat, "exfat");
