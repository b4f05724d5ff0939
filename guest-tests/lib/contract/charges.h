// SPDX-License-Identifier: GPL-2.0
// What held memory is charged: shared by the obligations about accounts.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "contract/user.h"

// kB that `length` bytes at `addr` are charged while the user holds them.
long long charge_kib(const struct user* user, const void* addr, size_t length);
// Bytes that opening the user is charged, in a process that has held nothing before.
long long charge_of_open(const struct user* user);
// Is it an errno that the user gives beyond RLIMIT_MEMLOCK?
bool charge_says_beyond(const struct user* user, int error);
