// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "fuse_server.h"
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
    probe_unknown("dio.netfs", "mounting the 9p share pinshare: %s (9P_FS, NET_9P_VIRTIO, the device p9)",
                  strerror(errno));
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

void probe_fuse(void) {
  struct fuse_server server;
  char path[80];
  if (access("/dev/fuse", R_OK | W_OK) < 0) {
    probe_unknown("dio.fuse", "/dev/fuse: %s (FUSE_FS)", strerror(errno));
    return;
  }
  if (fuse_server_begin(&server, page_bytes(), false)) {
    snprintf(path, sizeof(path), "%s/data", server.fs.target);
    if (truncate(path, (off_t)page_bytes()) == 0)
      probe_file("dio.fuse", path);
    else
      ktap_fail("%s: %s", path, strerror(errno));
  }
  fuse_server_end(&server);
}
