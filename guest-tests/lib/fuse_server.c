// SPDX-License-Identifier: GPL-2.0
#include "fuse_server.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "proc.h"

enum { file_node = 2, largest = 1 << 20, request_room = largest + 65536, attr_seconds = 3600 };

static void fill_attr(const struct fuse_server* server, uint64_t node, struct fuse_attr* attr) {
  *attr = (struct fuse_attr){.ino = node, .nlink = 1, .blksize = 4096};
  attr->mode = node == file_node ? S_IFREG | 0600 : S_IFDIR | 0700;
  attr->size = node == file_node ? server->size : 0;
}

static void reply(int fd, const struct fuse_in_header* in, int error, const void* body, size_t length) {
  struct fuse_out_header out = {
      .len = (uint32_t)(sizeof(out) + (error ? 0 : length)), .error = error, .unique = in->unique};
  struct iovec vec[2] = {{&out, sizeof(out)}, {(void*)body, error ? 0 : length}};
  // A request that was interrupted meanwhile is not wanted any more: ENOENT.
  ssize_t ignored = writev(fd, vec, 2);
  (void)ignored;
}

static void answer_init(const struct fuse_server* server, const struct fuse_in_header* in,
                        const struct fuse_init_in* want) {
  struct fuse_init_out out = {
      .major = FUSE_KERNEL_VERSION,
      .minor = want->minor < FUSE_KERNEL_MINOR_VERSION ? want->minor : FUSE_KERNEL_MINOR_VERSION,
      .max_readahead = want->max_readahead,
      .flags = want->flags & (FUSE_BIG_WRITES | FUSE_MAX_PAGES | (server->async ? FUSE_ASYNC_DIO : 0u)),
      .max_write = largest,
      .max_pages = (uint16_t)(largest / (unsigned)getpagesize()),
  };
  reply(server->fd, in, 0, &out, sizeof(out));
}

static void answer_lookup(const struct fuse_server* server, const struct fuse_in_header* in,
                          const char* name) {
  struct fuse_entry_out out = {.nodeid = file_node, .attr_valid = attr_seconds, .entry_valid = attr_seconds};
  fill_attr(server, file_node, &out.attr);
  reply(server->fd, in, strcmp(name, "data") == 0 ? 0 : -ENOENT, &out, sizeof(out));
}

static void answer_attr(struct fuse_server* server, const struct fuse_in_header* in) {
  const struct fuse_setattr_in* set = (const void*)(in + 1);
  bool sized = in->opcode == FUSE_SETATTR && (set->valid & FATTR_SIZE);
  if (sized && set->size > server->room) {
    reply(server->fd, in, -EFBIG, NULL, 0);
    return;
  }
  // What is cut off reads as zeros when the file grows again.
  if (sized && set->size < server->size) memset(server->data + set->size, 0, server->size - set->size);
  if (sized) server->size = set->size;
  struct fuse_attr_out out = {.attr_valid = attr_seconds};
  fill_attr(server, in->nodeid, &out.attr);
  reply(server->fd, in, 0, &out, sizeof(out));
}

static void answer_read(const struct fuse_server* server, const struct fuse_in_header* in,
                        const struct fuse_read_in* want) {
  size_t length = want->offset >= server->size ? 0 : server->size - want->offset;
  if (length > want->size) length = want->size;
  reply(server->fd, in, 0, server->data + want->offset, length);
}

static void answer_write(struct fuse_server* server, const struct fuse_in_header* in,
                         const struct fuse_write_in* want) {
  struct fuse_write_out out = {.size = want->size};
  bool fits = want->offset + want->size <= server->room;
  if (fits) memcpy(server->data + want->offset, want + 1, want->size);
  if (fits && want->offset + want->size > server->size) server->size = want->offset + want->size;
  reply(server->fd, in, fits ? 0 : -EFBIG, &out, sizeof(out));
}

static void answer(struct fuse_server* server, const struct fuse_in_header* in) {
  const void* body = in + 1;
  struct fuse_open_out opened = {.fh = 1};
  switch (in->opcode) {
    case FUSE_INIT:
      answer_init(server, in, body);
      break;
    case FUSE_LOOKUP:
      answer_lookup(server, in, body);
      break;
    case FUSE_SETATTR:
    case FUSE_GETATTR:
      answer_attr(server, in);
      break;
    case FUSE_OPEN:
      if (!server->async && (((const struct fuse_open_in*)body)->flags & O_DIRECT))
        opened.open_flags = FOPEN_DIRECT_IO;
      reply(server->fd, in, 0, &opened, sizeof(opened));
      break;
    case FUSE_READ:
      answer_read(server, in, body);
      break;
    case FUSE_WRITE:
      answer_write(server, in, body);
      break;
    case FUSE_RELEASE:
    case FUSE_FLUSH:
    case FUSE_FSYNC:
      reply(server->fd, in, 0, NULL, 0);
      break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      break;
    default:
      reply(server->fd, in, -ENOSYS, NULL, 0);
  }
}

// Until the file system is unmounted (ENODEV).
static void serve(struct fuse_server* server) {
  struct fuse_in_header* request = malloc(request_room);
  while (request) {
    ssize_t got = read(server->fd, request, request_room);
    if (got < 0 && errno != EINTR && errno != ENOENT && errno != EAGAIN) break;
    if (got >= (ssize_t)sizeof(*request)) answer(server, request);
  }
}

bool fuse_server_begin(struct fuse_server* server, size_t room, bool async) {
  *server = (struct fuse_server){.fs = {.type = "fuse"}, .room = room, .async = async, .child = -1, .fd = -1};
  server->data = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (server->data == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  server->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (server->fd < 0) return ktap_skip("/dev/fuse: %s", strerror(errno));
  char options[80];
  snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", server->fd);
  if (!filesystem_mount(&server->fs, "fuse", "pinrig", options)) return false;
  server->child = proc_fork();
  if (server->child == 0) {
    serve(server);
    _exit(0);
  }
  return server->child > 0;
}

void fuse_server_end(struct fuse_server* server) {
  filesystem_close(&server->fs);
  if (server->fd >= 0) close(server->fd);
  if (server->child > 0) {
    kill(server->child, SIGKILL);
    while (waitpid(server->child, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  if (server->data != MAP_FAILED) munmap(server->data, server->room);
}
