// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a file on udf (fs/direct-io.c)"
rows: [D6]
traits: [in, out, data, pieces, carry, short]
needs: {nvme: [pin-fs], tools: [mkudffs], symbols: [UDF_FS]}
*/
#include "contract/dio_user.h"

DIO_USER_FS(udf, "udf");
