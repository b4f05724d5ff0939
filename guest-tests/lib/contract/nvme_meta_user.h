// SPDX-License-Identifier: GPL-2.0
// A user that is the metadata buffer of commands to DRIVE_META, whose data is private memory.
#pragma once

#include "contract/user.h"
#include "nvme.h"

// The drive takes 512 KiB of data at once.
enum { nvme_meta_user_most = 512 * 1024 / 512 * nvme_meta_per_block };

// Sends one command: 0, a positive NVMe status, or -errno.
typedef int (*nvme_meta_submit)(const struct nvme* nvme, const struct nvme_io* io);

// `generic`: the character device.
bool nvme_meta_user_open(bool generic, nvme_meta_submit by);
void nvme_meta_user_close(void);
long nvme_meta_user_carry(enum way way, void* addr, size_t length);
bool nvme_meta_user_store(const void* bytes, size_t length);
bool nvme_meta_user_load(void* bytes, size_t length);
// Of the metadata and of the data.
void nvme_meta_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts);

// What an adapter has in addition to its head and open_user(): user_NAME, which is closed by CLOSE.
#define NVME_META_USER(NAME, CLOSE)                                 \
  const struct user user_##NAME = {.ways = USER_IN | USER_OUT,      \
                                   .open = open_user,               \
                                   .close = (CLOSE),                \
                                   .mode = caps_passthru_meta,      \
                                   .carry = nvme_meta_user_carry,   \
                                   .store = nvme_meta_user_store,   \
                                   .load = nvme_meta_user_load,     \
                                   .counts = nvme_meta_user_counts, \
                                   .align = nvme_meta_per_block,    \
                                   .most = nvme_meta_user_most}
