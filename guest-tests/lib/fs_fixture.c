// SPDX-License-Identifier: GPL-2.0
#include "fs_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"

// What needs more than a drive and a tool.
static bool begin_served(struct fs_fixture* fixture, const char* type, size_t size, bool* good) {
  if (strcmp(type, "fuse") == 0 || strcmp(type, "fuse_async") == 0) {
    fixture->serves = SERVES_FUSE;
    *good = fuse_server_begin(&fixture->fuse, size, strcmp(type, "fuse_async") == 0);
    fixture->fs = fixture->fuse.fs;
  } else if (strcmp(type, "nfs") == 0 || strcmp(type, "cifs") == 0) {
    fixture->serves = SERVES_NETWORK;
    *good = type[0] == 'n' ? server_begin_nfs(&fixture->server) : server_begin_smb(&fixture->server);
    fixture->fs = fixture->server.fs;
  } else if (strcmp(type, "9p") == 0) {
    // What is opened without O_DIRECT goes through the page cache.
    *good = filesystem_mount(&fixture->fs, "9p", "pinshare", "trans=virtio,version=9p2000.L,cache=loose");
  } else {
    return false;
  }
  return true;
}

void fs_fixture_begin(struct fs_fixture* fixture, const char* type, size_t size) {
  bool good = false;
  *fixture = (struct fs_fixture){.serves = SERVES_NOTHING};
  if (!begin_served(fixture, type, size, &good)) good = filesystem_open(&fixture->fs, type);
  fixture->ready = good &&
                   filesystem_file(&fixture->fs, "data", size, fixture->path, sizeof(fixture->path)) &&
                   dio_file_probe(&fixture->file, type, fixture->path);
  fixture->skipped = !fixture->ready && !ktap_failed();
}

void fs_fixture_end(struct fs_fixture* fixture) {
  switch (fixture->serves) {
    case SERVES_FUSE:
      fuse_server_end(&fixture->fuse);
      break;
    case SERVES_NETWORK:
      server_end(&fixture->server);
      break;
    case SERVES_NOTHING:
      // A share of the host outlives the guest.
      if (fixture->path[0]) unlink(fixture->path);
      filesystem_close(&fixture->fs);
  }
}

bool fs_fixture_ready(const struct fs_fixture* fixture) {
  if (fixture->ready) return true;
  return fixture->skipped ? ktap_skip("the file system does not exist: see the first case")
                          : ktap_fail("the test file does not exist: see the first case");
}

int fs_fixture_open(const struct fs_fixture* fixture, int flags) {
  int fd = open(fixture->path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", fixture->path, strerror(errno));
  return fd;
}

size_t fs_fixture_offset(void) { return 12 * page_bytes(); }

size_t fs_fixture_size_for_shapes(void) { return fs_fixture_offset() + transfer_longest(); }
