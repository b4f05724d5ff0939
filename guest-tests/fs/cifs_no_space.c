// SPDX-License-Identifier: GPL-2.0
// A direct read of what the page cache has and cannot write back, because the server has no space left: it
// gives an error, not what the server has, and holds no page (fs/netfs/direct_read.c,
// netfs_unbuffered_read_iter_locked()).
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { file_pages = 4, seed = 124 };
static const char served[] = "/tmp";  // lib/servers.c exports a folder in it

static unsigned long long bytes_of(fsblkcnt_t blocks, const struct statvfs* fs) {
  return (unsigned long long)blocks * fs->f_frsize;
}

static bool resize_served(unsigned long long bytes) {
  char options[40];
  snprintf(options, sizeof(options), "size=%llu", bytes);
  return mount(NULL, served, NULL, MS_REMOUNT, options) == 0 ||
         ktap_fail("%s with %s: %s", served, options, strerror(errno));
}

static void read_of_unwritten(int direct, unsigned char* cached, struct buffer* buffer, off_t offset) {
  struct statvfs fs;
  struct pins before;
  KTAP_REQUIRE(statvfs(served, &fs) == 0, "statvfs: %s", strerror(errno));
  if (!resize_served(bytes_of(fs.f_blocks - fs.f_bfree, &fs))) return;
  if (pins_begin(&before)) {
    pattern_fill(cached, buffer->size, seed, 0);
    const ssize_t got = pread(direct, buffer->addr, buffer->size, offset);
    ktap_note("gave %zd, %s", got, got < 0 ? strerror(errno) : "no error");
    if (got >= 0) ktap_fail("%zd bytes were read that the server does not have", got);
    pins_expect(&before, 0, 0);
  }
  resize_served(bytes_of(fs.f_blocks, &fs));
}

static void no_space(const void* arg) {
  const size_t page = page_bytes();
  const off_t hole = file_pages * (off_t)page;
  struct fs_fixture fixture;
  struct buffer buffer;
  (void)arg;
  fs_fixture_begin(&fixture, "cifs", file_pages * page);
  if (fs_fixture_ready(&fixture) && buffer_get(&buffer, BUFFER_PAGES, page)) {
    const int fd = fs_fixture_open(&fixture, O_RDWR), direct = fs_fixture_open(&fixture, O_RDWR | O_DIRECT);
    unsigned char* cached = MAP_FAILED;
    if (fd >= 0 && direct >= 0 && ftruncate(fd, 2 * hole) == 0)
      cached = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, hole);
    if (cached == MAP_FAILED)
      ktap_fail("a mapping of the file: %s", strerror(errno));
    else
      read_of_unwritten(direct, cached, &buffer, hole);
    if (cached != MAP_FAILED) munmap(cached, page);
    if (fd >= 0) close(fd);
    if (direct >= 0) close(direct);
    buffer_put(&buffer);
  }
  fs_fixture_end(&fixture);
}

int main(void) {
  static const struct ktap_case cases[] = {{"read_of_unwritten", no_space, NULL}};
  return ktap_run(cases, 1);
}
