// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on NFS 4.0 from knfsd over loopback"
rows: [D18]
traits: [in, out, data, pieces, carry, short]
needs: {symbols: [NFS_FS, NFS_V4, NFSD, NFSD_V4]}
proof: {mutant: m48-nfs-keeps-last, red: [pages.in.memfd]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(nfs, "nfs");
