// SPDX-License-Identifier: GPL-2.0
// A user that is SG_IO on a node of a SCSI disk.
#pragma once

#include "contract/user.h"
#include "nvme.h"
#include "scsi.h"

bool scsi_user_open(enum scsi_node node);
void scsi_user_close(void);
long scsi_user_carry(enum way way, void* addr, size_t length);
bool scsi_user_store(const void* data, size_t length);
bool scsi_user_load(void* data, size_t length);

// What an adapter has in addition to its head: user_NAME, on NODE.
#define SCSI_USER(NAME, NODE)                                  \
  static bool open_user(void) { return scsi_user_open(NODE); } \
  const struct user user_##NAME = {.ways = USER_IN | USER_OUT, \
                                   .open = open_user,          \
                                   .close = scsi_user_close,   \
                                   .mode = caps_dio_passthru,  \
                                   .carry = scsi_user_carry,   \
                                   .store = scsi_user_store,   \
                                   .load = scsi_user_load,     \
                                   .align = 512,               \
                                   .most = 256 << 10}
