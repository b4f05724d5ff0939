// SPDX-License-Identifier: GPL-2.0
// The loopback interface, which is down in a guest that nobody has asked for it.
#pragma once

#include <stdbool.h>

// Brings it up. False: the running case failed.
bool loopback_up(void);
// Brings it up and makes two connected sockets of SOCK_STREAM or SOCK_DGRAM on it: [0] sends, [1] receives.
// False: the running case failed; what was opened is for the caller to close (-1: not opened).
bool loopback_pair(int type, int* ends);
