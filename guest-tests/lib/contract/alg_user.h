// SPDX-License-Identifier: GPL-2.0
// Users that are operations of AF_ALG sockets.
#pragma once

#include "alg.h"
#include "contract/user.h"

// One operation of the algorithm: the socket that alg_user_close() closes. `key`: 16 bytes or NULL.
// Negative: the running case has been skipped or failed.
int alg_user_open(const char* type, const char* name, const void* key);
// Another operation of the same algorithm: what the last one left behind is gone. -errno.
int alg_user_next(void);
void alg_user_close(void);
