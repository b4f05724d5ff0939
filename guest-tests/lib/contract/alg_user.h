// SPDX-License-Identifier: GPL-2.0
// Users that are operations of AF_ALG sockets.
#pragma once

#include "contract/user.h"

// One operation of the algorithm: the socket that alg_user_close() closes. `key`: 16 bytes or NULL.
// -1: the running case has been skipped or failed.
int alg_user_open(const char* type, const char* name, const void* key);
// Another operation of the same algorithm: what the last one left behind is gone. -errno.
int alg_user_next(void);
void alg_user_close(void);
// Does it pin (since 6.5)? Probed once by hashing a page.
enum pin_mode alg_user_mode(void);
