// SPDX-License-Identifier: GPL-2.0
// The soft iWARP device "siw0", which a test creates by itself in addition to the machine's soft RoCE.
#pragma once

// siw takes Ethernet and, on kernels that know no better, the loopback device. 0, or the errno value: EINVAL,
// ENODEV or EOPNOTSUPP where the kernel has no siw.
int siw_add(void);
// ENODEV when it does not exist.
int siw_remove(void);
