// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"
#include "probe.h"

// One direct read of a file that has at least a page.
static void probe_file(const char* name, const char* path) {
  long long skew = 0;
  int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (fd < 0) {
    ktap_fail("%s: %s", path, strerror(errno));
    return;
  }
  enum pin_mode mode = caps_probe_read(fd, &skew);
  close(fd);
  if (mode == MODE_UNKNOWN) return;
  pins_claim_exact(mode == MODE_PIN ? 1 : 0);
  caps_print(name, pin_mode_name(mode));
}

void probe_netfs(void) {
  static const char target[] = "/tmp/pinrig-9p", path[] = "/tmp/pinrig-9p/pinrig-probe";
  unsigned char page[65536];
  mkdir(target, 0700);
  // Without a cache: O_DIRECT would go by the page cache otherwise.
  if (mount("pinshare", target, "9p", 0, "trans=virtio,version=9p2000.L,cache=none") < 0) {
    probe_unknown("dio.netfs", "mounting the 9p share pinshare: %s (9P_FS, NET_9P_VIRTIO, the device p9)", strerror(errno));
    return;
  }
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  memset(page, 1, sizeof(page));
  if (fd >= 0 && write(fd, page, page_bytes()) == (ssize_t)page_bytes())
    probe_file("dio.netfs", path);
  else
    ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  unlink(path);
  umount(target);
}

// A server for one file, which is the root of the mount itself.
struct server {
  int fd, stop;
};

static void answer(const struct server* server, uint64_t unique, int error, const void* data, size_t length) {
  struct fuse_out_header header = {.len = (uint32_t)(sizeof(header) + length), .error = error, .unique = unique};
  struct iovec vec[2] = {{&header, sizeof(header)}, {(void*)data, length}};
  if (writev(server->fd, vec, length ? 2 : 1) < 0) ktap_note("a FUSE answer was not taken: %s", strerror(errno));
}

static void serve_one(const struct server* server, const struct fuse_in_header* in, const void* body) {
  static unsigned char zeros[1 << 17];
  struct fuse_attr_out attributes = {.attr = {.ino = 1, .size = sizeof(zeros), .mode = S_IFREG | 0600, .nlink = 1}};
  struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_readahead = 1 << 16, .max_write = 1 << 16,
                               .max_background = 4, .congestion_threshold = 3};
  struct fuse_open_out opened = {.open_flags = FOPEN_DIRECT_IO};
  switch (in->opcode) {
    case FUSE_INIT: answer(server, in->unique, 0, &init, sizeof(init)); break;
    case FUSE_GETATTR: answer(server, in->unique, 0, &attributes, sizeof(attributes)); break;
    case FUSE_OPEN: answer(server, in->unique, 0, &opened, sizeof(opened)); break;
    case FUSE_READ: answer(server, in->unique, 0, zeros, ((const struct fuse_read_in*)body)->size); break;
    case FUSE_FLUSH:
    case FUSE_RELEASE: answer(server, in->unique, 0, NULL, 0); break;
    case FUSE_FORGET:
    case FUSE_INTERRUPT: break;
    default: answer(server, in->unique, -ENOSYS, NULL, 0); break;
  }
}

static void* serve(void* arg) {
  const struct server* server = arg;
  static unsigned char request[(1 << 16) + 4096] __attribute__((aligned(8)));
  struct pollfd ready[2] = {{server->fd, POLLIN, 0}, {server->stop, POLLIN, 0}};
  while (poll(ready, 2, 20000) > 0 && !ready[1].revents) {
    ssize_t got = read(server->fd, request, sizeof(request));
    if (got < (ssize_t)sizeof(struct fuse_in_header)) break;
    serve_one(server, (const struct fuse_in_header*)request, request + sizeof(struct fuse_in_header));
  }
  return NULL;
}

void probe_fuse(void) {
  static const char path[] = "/tmp/pinrig-fuse";
  char options[96];
  int stop[2] = {-1, -1};
  pthread_t thread;
  struct server server = {.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC)};
  if (server.fd < 0) {
    probe_unknown("dio.fuse", "/dev/fuse: %s (FUSE_FS)", strerror(errno));
    return;
  }
  close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  snprintf(options, sizeof(options), "fd=%d,rootmode=100600,user_id=0,group_id=0", server.fd);
  bool mounted = pipe2(stop, O_CLOEXEC) == 0 && mount("pinrig", path, "fuse", 0, options) == 0;
  server.stop = stop[0];
  bool served = mounted && pthread_create(&thread, NULL, serve, &server) == 0;
  if (served)
    probe_file("dio.fuse", path);
  else
    ktap_fail("a FUSE server for the probe: %s", strerror(errno));
  if (mounted) umount2(path, MNT_DETACH);
  if (stop[1] >= 0) close(stop[1]);
  if (served) pthread_join(thread, NULL);
  if (stop[0] >= 0) close(stop[0]);
  close(server.fd);
  unlink(path);
}
