// SPDX-License-Identifier: GPL-2.0
// The KSM daemon, run for a moment.
#pragma once

#include <stdbool.h>

// Has it scan all mergeable memory three times: a page is merged on the second scan that finds it unchanged.
// Skips the running case when the kernel has no KSM.
bool ksm_scan(void);
// Copies every merged page for each of its owners.
void ksm_unmerge(void);
