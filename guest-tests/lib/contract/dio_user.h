// SPDX-License-Identifier: GPL-2.0
// A user that is direct I/O by preadv() and pwritev() on a block device or a file, which nothing holds.
#pragma once

#include <sys/types.h>

#include "contract/user.h"

// `path`, whose bytes from `offset` on are read and written. Fails the running case.
bool dio_user_open(const char* path, off_t offset);
// DRIVE_RAW.
bool dio_user_open_drive(void);
void dio_user_close(void);
// The open file; -1: none.
int dio_user_fd(void);
off_t dio_user_offset(void);
long dio_user_carry(enum way way, void* addr, size_t length);
long dio_user_carry_pieces(enum way way, const struct iovec* pieces, int count);
bool dio_user_store(const void* data, size_t length);
bool dio_user_load(void* data, size_t length);

// On a file of a file system of lib/fs_fixture.h, which is made once for all cases. Counts are those that its
// probe found. `type`: as fs_fixture_begin() takes it.
bool dio_user_open_fs(const char* type);
enum pin_mode dio_user_fs_mode(void);
void dio_user_fs_counts(enum way way, const void* addr, size_t length, struct user_counts* counts);

// More than fits in one bio (BIO_MAX_VECS: 256 pages).
enum { dio_user_most = 1280 << 10 };

// The code of an adapter of a file system: user_NAME, on TYPE of dio_user_open_fs(), which
// makes one transfer by CARRY.
#define DIO_USER_FS_BY(NAME, TYPE, CARRY)                                 \
  static bool open_user(void) { return dio_user_open_fs(TYPE); }          \
  const struct user user_##NAME = {.ways = USER_IN | USER_OUT,            \
                                   .open = open_user,                     \
                                   .close = dio_user_close,               \
                                   .mode = dio_user_fs_mode,              \
                                   .carry = (CARRY),                      \
                                   .carry_pieces = dio_user_carry_pieces, \
                                   .store = dio_user_store,               \
                                   .load = dio_user_load,                 \
                                   .counts = dio_user_fs_counts,          \
                                   .align = 512,                          \
                                   .most = dio_user_most}
#define DIO_USER_FS(NAME, TYPE) DIO_USER_FS_BY(NAME, TYPE, dio_user_carry)
