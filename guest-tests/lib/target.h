// SPDX-License-Identifier: GPL-2.0
// A RAM disk behind the kernel's SCSI target, exported by vhost-scsi, configured through configfs.
#pragma once

#include <stdbool.h>

#define TARGET_NAME "naa.5001405000000001"

enum { TARGET_BYTES = 1 << 20, TARGET_TPG = 1 };

// Makes it. Skips the running case when the kernel has no TARGET_CORE or VHOST_SCSI. Always call
// target_close().
bool target_open(void);
void target_close(void);
