// SPDX-License-Identifier: GPL-2.0
// The accounts that held memory is charged to, and processes with a limit of their own.
#pragma once

#include <stdbool.h>
#include <sys/resource.h>

struct account {
  long long pin_kib, lock_kib;  // VmPin, VmLck of /proc/self/status
};

// False: the running case has failed.
bool account_read(struct account* account);

// Gives this process another user id, which no process had before it, and every capability but CAP_IPC_LOCK:
// its own account, and a limit that counts. Reports nothing.
bool account_become_limited(void);
// Sets RLIMIT_MEMLOCK in bytes. Reports nothing.
bool account_limit(rlim_t bytes);
