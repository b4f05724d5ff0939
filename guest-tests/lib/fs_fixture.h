// SPDX-License-Identifier: GPL-2.0
// The fixture of the suite fs: a file system and a file on it, with probed direct I/O. The first case creates
// and probes them, the others check whether that worked.
#pragma once

#include "dio_file.h"
#include "filesystem.h"
#include "fuse_server.h"
#include "servers.h"

struct fs_fixture {
  enum { SERVES_NOTHING, SERVES_FUSE, SERVES_NETWORK } serves;
  struct fuse_server fuse;
  struct server server;
  struct filesystem fs;
  struct dio_file file;
  char path[128];  // of the file "data"
  bool ready, skipped;
};

// Makes the file system `type` (filesystem.h; or fuse, 9p, nfs, cifs) and a file of `size` bytes on it, and
// probes it. Always call fs_fixture_end().
void fs_fixture_begin(struct fs_fixture* fixture, const char* type, size_t size);
void fs_fixture_end(struct fs_fixture* fixture);

// False: the running case has been skipped or failed, because there is no file system.
bool fs_fixture_ready(const struct fs_fixture* fixture);

// Opens the file, or fails the running case.
int fs_fixture_open(const struct fs_fixture* fixture, int flags);

// File offset of the shapes of lib/transfer.c: after the twelve blocks that ext2 maps without an indirect
// block. A transfer that crosses them is two mappings, and the page between those is pinned for each.
size_t fs_fixture_offset(void);
// The file's end for every shape.
size_t fs_fixture_size_for_shapes(void);
