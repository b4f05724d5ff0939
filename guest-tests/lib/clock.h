// SPDX-License-Identifier: GPL-2.0
// Monotonic milliseconds.
#pragma once

long long clock_ms(void);
void sleep_ms(int ms);
