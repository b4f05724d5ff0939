// SPDX-License-Identifier: GPL-2.0
// The loopback interface, which is down by default in a guest.
#pragma once

#include <stdbool.h>

// Brings it up. False: the running case failed.
bool loopback_up(void);
// Brings it up and makes two connected sockets of SOCK_STREAM or SOCK_DGRAM on it: [0] sends, [1] receives.
// False: the running case failed; the caller closes what was opened (-1: not opened).
bool loopback_pair(int type, int* ends);
