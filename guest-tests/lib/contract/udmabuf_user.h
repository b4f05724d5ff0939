// SPDX-License-Identifier: GPL-2.0
// Users that are a dma-buf of a memfd; the other end is a mapping of the dma-buf.
#pragma once

#include <errno.h>

#include "contract/user.h"
#include "probe.h"

enum { udmabuf_user_most = 4 << 20 };

bool udmabuf_user_open(void);
// The same for a memfd of huge pages: skips the case where it takes none.
bool udmabuf_user_open_huge(void);
void udmabuf_user_close(void);
void udmabuf_user_forked(void);
int udmabuf_user_take(enum way way, void* addr, size_t length);
long udmabuf_user_let_go(void);
bool udmabuf_user_store(const void* data, size_t length);
bool udmabuf_user_load(void* data, size_t length);
void udmabuf_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts);

// The whole of an adapter: user_NAME, opened by OPEN.
#define UDMABUF_USER(NAME, OPEN)                                  \
  const struct user user_##NAME = {.ways = USER_IN | USER_OUT,    \
                                   .open = (OPEN),                \
                                   .close = udmabuf_user_close,   \
                                   .forked = udmabuf_user_forked, \
                                   .take = udmabuf_user_take,     \
                                   .let_go = udmabuf_user_let_go, \
                                   .store = udmabuf_user_store,   \
                                   .load = udmabuf_user_load,     \
                                   .mode = probe_udmabuf_mode,    \
                                   .counts = udmabuf_user_counts, \
                                   .align = USER_WHOLE_PAGES,     \
                                   .most = udmabuf_user_most,     \
                                   .refusal = EBADFD,             \
                                   .longterm = true}
