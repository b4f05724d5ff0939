// SPDX-License-Identifier: GPL-2.0
#include "fs_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "buffers.h"
#include "ktap.h"

void fs_fixture_probe(struct fs_fixture* fixture, const char* name, size_t size) {
  fixture->ready = filesystem_file(&fixture->fs, "data", size, fixture->path, sizeof(fixture->path)) &&
                   dio_file_probe(&fixture->file, name, fixture->path);
}

void fs_fixture_begin(struct fs_fixture* fixture, const char* type, size_t size) {
  if (filesystem_open(&fixture->fs, type)) fs_fixture_probe(fixture, type, size);
  fixture->skipped = !fixture->ready && !ktap_failed();
}

void fs_fixture_end(struct fs_fixture* fixture) { filesystem_close(&fixture->fs); }

bool fs_fixture_ready(const struct fs_fixture* fixture) {
  if (fixture->ready) return true;
  return fixture->skipped ? ktap_skip("there is no such file system: see the first case")
                          : ktap_fail("there is no file to work on: see the first case");
}

int fs_fixture_open(const struct fs_fixture* fixture, int flags) {
  int fd = open(fixture->path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", fixture->path, strerror(errno));
  return fd;
}

size_t fs_fixture_size_for_shapes(void) {
  size_t longest = 1024 * page_bytes(), huge = 4 << 20;
  return FS_FIXTURE_OFFSET + (longest > huge ? longest : huge);
}
