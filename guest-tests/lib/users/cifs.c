// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on SMB 3.1.1 from ksmbd over loopback"
rows: [D19]
traits: [in, out, data, pieces, carry, short]
needs: {tools: [ksmbd.mountd], symbols: [CIFS, SMB_SERVER]}
not:
  release.no_memory: "asked of cifs_no_memory, in a guest of its own: 6.12 crashes"
proof: {mutant: m25-netfs-not-unpinned, red: [pages.in.anon, pages.out.anon]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(cifs, "cifs");
