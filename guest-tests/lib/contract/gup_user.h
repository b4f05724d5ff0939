// SPDX-License-Identifier: GPL-2.0
// A user that is the kernel's own test driver (mm/gup_test.c), which holds memory with FOLL_LONGTERM, pinned
// by pin_user_pages() or by pin_user_pages_fast().
#pragma once

#include "contract/user.h"

bool gup_user_open(void);
void gup_user_close(void);
int gup_user_take_slow(enum way way, void* addr, size_t length);
int gup_user_take_fast(enum way way, void* addr, size_t length);
long gup_user_let_go(void);
// Copies all of the held pages to `to`: of memory held with WAY_IN, which may be more than gup_user_load()
// can give.
bool gup_user_copy(void* to);
// All of the held pages, which the driver copies.
bool gup_user_load(void* data, size_t length);
