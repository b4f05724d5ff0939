// SPDX-License-Identifier: GPL-2.0
// Users that send user pages over a pair of connected TCP sockets, and receive them in the local end.
#pragma once

#include "contract/user.h"

enum { socket_user_most = 64 << 10 };

// With SO_ZEROCOPY, or as kernel TLS.
bool socket_user_open_zerocopy(void);
bool socket_user_open_tls(void);
void socket_user_close(void);
// A new connection instead of one that an error has ended or disturbed.
bool socket_user_renew_zerocopy(void);
bool socket_user_renew_tls(void);
// [0] sends, [1] receives.
extern int socket_user_ends[2];
// Receives `length` bytes in the local end: that, or -errno.
long socket_user_receive(size_t length);
