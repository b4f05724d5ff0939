// SPDX-License-Identifier: GPL-2.0
// A FUSE file system of one file, served by a child over a raw /dev/fuse: an O_DIRECT open of the file is
// answered with FOPEN_DIRECT_IO, any other one uses the page cache.
// Or without FOPEN_DIRECT_IO and with FUSE_ASYNC_DIO: the kernel sends the requests of a direct transfer all
// at once and collects the answers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "filesystem.h"

struct fuse_server {
  struct filesystem fs;
  unsigned char* data;  // the file's bytes, shared with the child
  size_t size, room;    // bytes it has and may have; the child knows the first
  bool async;
  pid_t child;
  int fd;  // of /dev/fuse
};

// Mounts it with the empty file "data", which may become `room` bytes large. Skips the running case when the
// kernel has no FUSE. Always call fuse_server_end().
bool fuse_server_begin(struct fuse_server* server, size_t room, bool async);
void fuse_server_end(struct fuse_server* server);
