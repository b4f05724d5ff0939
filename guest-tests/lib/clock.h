// SPDX-License-Identifier: GPL-2.0
// Monotonic milliseconds.
#pragma once

long long clock_ms(void);
// Between two looks at what the kernel announces to nobody: counters, pool sizes, a device's registers.
// Always with a limit. Processes, files and messages have descriptors to poll (proc.h, kmsg.h).
void sleep_ms(int ms);
