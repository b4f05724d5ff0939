// SPDX-License-Identifier: GPL-2.0
// A user that is passthrough to DRIVE_RAW (lib/nvme.h).
#pragma once

#include "contract/dio_user.h"
#include "nvme.h"

enum { nvme_user_most = 256 << 10 };

// `generic`: the character device. The drive's other end is dio_user_store() and _load().
bool nvme_user_open(bool generic);
void nvme_user_close(void);
const struct nvme* nvme_user(void);
// A command of `length` bytes at `addr`, not submitted.
struct nvme_io nvme_user_io(enum way way, void* addr, size_t length);
// Of the status of one: `length`, or -errno.
long nvme_user_done(int status, size_t length);

// After open_user() and carry() of an adapter: user_NAME, which is closed by CLOSE.
#define NVME_USER(NAME, CLOSE)                                 \
  const struct user user_##NAME = {.ways = USER_IN | USER_OUT, \
                                   .open = open_user,          \
                                   .close = (CLOSE),           \
                                   .mode = caps_dio_passthru,  \
                                   .carry = carry,             \
                                   .store = dio_user_store,    \
                                   .load = dio_user_load,      \
                                   .align = 512,               \
                                   .most = nvme_user_most}
