// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on ntfs3 (fs/direct-io.c, on 7.3 iomap)"
rows: [D6]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkntfs], symbols: [NTFS3_FS]}
proof: {mutant: m17-legacy-dio-not-pinned, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(ntfs3, "ntfs3");
