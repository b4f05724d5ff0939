// SPDX-License-Identifier: GPL-2.0
// A user that is an AF_XDP umem, registered until its socket is closed.
#pragma once

#include "contract/user.h"

bool xdp_user_open(void);
void xdp_user_close(void);
// `flags`: XDP_UMEM_*.
int xdp_user_take(void* addr, size_t length, unsigned chunk, unsigned flags);
long xdp_user_let_go(void);

// What an adapter has in addition to its head: user_NAME, in chunks of CHUNK bytes, with FLAGS.
#define XDP_USER(NAME, CHUNK, FLAGS)                          \
  static int take(enum way way, void* addr, size_t length) {  \
    (void)way;                                                \
    return xdp_user_take(addr, length, (CHUNK), (FLAGS));     \
  }                                                           \
  const struct user user_##NAME = {.ways = USER_IN,           \
                                   .open = xdp_user_open,     \
                                   .close = xdp_user_close,   \
                                   .forked = xdp_user_close,  \
                                   .take = take,              \
                                   .let_go = xdp_user_let_go, \
                                   .align = USER_WHOLE_PAGES, \
                                   .refusal = ENOMEM,         \
                                   .beyond = ENOBUFS,         \
                                   .locked = true,            \
                                   .longterm = true,          \
                                   .charge = CHARGE_USER}
