// SPDX-License-Identifier: GPL-2.0
// Kernel TLS over a pair of connected sockets.
#pragma once

#include <stdbool.h>

// Makes ends[0] encrypt and ends[1] decrypt with the same key, with `version` (TLS_1_2_VERSION,
// TLS_1_3_VERSION). Skips the running case when the kernel has no TLS.
bool ktls_encrypt(const int* ends, unsigned short version);
