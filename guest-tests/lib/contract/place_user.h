// SPDX-License-Identifier: GPL-2.0
// A user that is direct I/O on a place (lib/place.h) by AIO: what adapters of block devices and files share.
// A gate below the place holds its requests.
#pragma once

#include "contract/user.h"
#include "place.h"

bool place_user_open_bdev(void);
bool place_user_open_ext4(void);
bool place_user_open_vfat(void);
void place_user_close(void);
enum pin_mode place_user_mode(void);
// What is open, for users that submit in another way than by AIO.
struct place* place_user_place(void);
long place_user_carry(enum way way, void* addr, size_t length);
long place_user_carry_pieces(enum way way, const struct iovec* pieces, int count);
int place_user_take(enum way way, void* addr, size_t length);
long place_user_let_go(void);
void place_user_ending(void);
// A new AIO context, without a completion that was not fetched. And a writeback that an injected fault ended
// is reported once, to whoever syncs next.
bool place_user_renew(void);
bool place_user_store(const void* data, size_t length);
bool place_user_load(void* data, size_t length);
void place_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts);

// The code of an adapter of such a place: user_NAME, opened by OPEN.
#define PLACE_USER(NAME, OPEN)                                              \
  const struct user user_##NAME = {.ways = USER_IN | USER_OUT,              \
                                   .open = (OPEN),                          \
                                   .close = place_user_close,               \
                                   .mode = place_user_mode,                 \
                                   .carry = place_user_carry,               \
                                   .carry_pieces = place_user_carry_pieces, \
                                   .take = place_user_take,                 \
                                   .let_go = place_user_let_go,             \
                                   .ending = place_user_ending,             \
                                   .renew = place_user_renew,               \
                                   .store = place_user_store,               \
                                   .load = place_user_load,                 \
                                   .counts = place_user_counts,             \
                                   .align = 512,                            \
                                   .most = place_bytes}
