// SPDX-License-Identifier: GPL-2.0
// Sockets of AF_ALG: hashes take the memory that is sent, ciphers that which receives their result.
#pragma once

#include <linux/if_alg.h>
#include <stddef.h>
#include <sys/types.h>

#include "caps.h"

enum { alg_digest_bytes = 32, alg_key_bytes = 16 };

// The algorithm, of which accept() gives operations. `key`: 16 bytes or NULL. -1: the running case has been
// skipped or failed.
int alg_open(const char* type, const char* name, const void* key);
// An operation: a socket, or -errno.
int alg_accept(int algorithm);

// Capability alg: do they pin (since 6.5)? Probed once by hashing a page. MODE_UNKNOWN: the running case has
// been skipped or failed.
enum pin_mode caps_alg(void);

// Sends the input of an operation of a cipher with a vector of zeros (ALG_OP_ENCRYPT or ALG_OP_DECRYPT): it
// is copied, and recv() gets the result. Bytes, or -errno.
ssize_t alg_cipher_send(int fd, unsigned operation, const void* from, size_t length);
