// SPDX-License-Identifier: GPL-2.0
// Oracle for pages that no counter shows, such as the kernel's own: how much memory there is. It needs a loop
// in which some MiB would be lost.
#pragma once

// MemAvailable of /proc/meminfo in KiB, or -1.
long long available_kib(void);
