// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on SMB 3.1.1 from ksmbd while memory runs out: cifs, in a guest of its own"
rows: [D19]
traits: [carry]
limit: 60
# 6.12 frees a request twice (netfs_unbuffered_read()), and nothing after it can be trusted.
destructive: true
needs: {tools: [ksmbd.mountd], symbols: [CIFS, SMB_SERVER]}
not:
  release.bad_address: "asked of cifs"
  never.taken: "asked of cifs"
  fault.ends_badly: "asked of cifs"
  fault.taken_away: "asked of cifs"
proof: {base: debian-6.12, verdict: crash}
*/
#include "contract/dio_user.h"

DIO_USER_FS(cifs_no_memory, "cifs");
