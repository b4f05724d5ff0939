// SPDX-License-Identifier: GPL-2.0
// What a user needs and is slow to make: a device, a disk.
#pragma once

#include <stdbool.h>

// Calls `make` once for all cases of the process, whose children use what it made; `remove` when the process
// that made it ends, and when `make` returns false.
bool once_made(bool (*make)(void), void (*remove)(void));
