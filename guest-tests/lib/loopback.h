// SPDX-License-Identifier: GPL-2.0
// The loopback interface, which is down in a guest that nobody has asked for it.
#pragma once

#include <stdbool.h>

// Brings it up. False: the running case failed.
bool loopback_up(void);
