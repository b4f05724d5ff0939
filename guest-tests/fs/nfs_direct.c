// SPDX-License-Identifier: GPL-2.0
// NFS takes plain references for direct I/O (fs/nfs/direct.c), which no counter shows: that the page cache
// was bypassed is read from the client's own statistics, and that every reference is dropped is checked
// without counters.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, pattern = 51, rounds = 50 };

struct step {
  enum buffer_kind kind;
  bool write;
};

struct moved {
  long long read, written;  // bytes, directly
};

static struct fs_fixture fixture;

static void probe(const void* arg) {
  (void)arg;
  fs_fixture_begin(&fixture, "nfs", 1024 * page_bytes());
}

// "bytes:" of our mount in mountstats: normal reads and writes, direct reads and writes, ... (fs/nfs/super.c
// nfs_show_stats).
static bool direct_bytes(struct moved* now) {
  FILE* file = fopen("/proc/self/mountstats", "re");
  char line[512];
  bool ours = false, found = false;
  while (file && !found && fgets(line, sizeof(line), file)) {
    if (strncmp(line, "device ", 7) == 0) ours = strstr(line, fixture.fs.target) != NULL;
    found = ours && sscanf(line, " bytes: %*d %*d %lld %lld", &now->read, &now->written) == 2;
  }
  if (file) fclose(file);
  return found || ktap_fail("no \"bytes:\" of the mount in /proc/self/mountstats");
}

// Again and again, so that a reference that stays behind each time is not one that is merely late.
static bool repeat(int fd, struct buffer* buffer, size_t length, bool write) {
  for (int i = 0; i < rounds; ++i) {
    ssize_t done = write ? pwrite(fd, buffer->addr, length, 0) : pread(fd, buffer->addr, length, 0);
    if (done != (ssize_t)length) return ktap_fail("%zd of %zu bytes: %s", done, length, strerror(errno));
  }
  return write || pattern_check(buffer->addr, length, pattern, 0) < 0 || ktap_fail("wrong data");
}

static bool store(size_t length) {
  static unsigned char block[4096];
  int fd = fs_fixture_open(&fixture, O_RDWR);
  bool good = fd >= 0;
  for (size_t at = 0; good && at < length; at += sizeof(block)) {
    pattern_fill(block, sizeof(block), pattern, at);
    good = pwrite(fd, block, sizeof(block), (off_t)at) == sizeof(block) ||
           ktap_fail("buffered write: %s", strerror(errno));
  }
  good = good && filesystem_drop_cache(fd);
  if (fd >= 0) close(fd);
  return good;
}

static void run(const void* arg) {
  const struct step* step = arg;
  struct buffer buffer;
  struct pins before;
  struct moved old, now;
  size_t length = pages * page_bytes();
  if (!fs_fixture_ready(&fixture) || !store(length)) return;
  long huge_before = hugetlb_free();
  int fd = fs_fixture_open(&fixture, O_RDWR | O_DIRECT);
  if (fd < 0 || !buffer_get(&buffer, step->kind, length)) return;
  if (step->write) pattern_fill(buffer.addr, length, pattern, 0);
  if (pins_begin(&before) && direct_bytes(&old) && repeat(fd, &buffer, length, step->write) &&
      direct_bytes(&now)) {
    long long want = rounds * (long long)length,
              got = step->write ? now.written - old.written : now.read - old.read;
    if (got != want) ktap_fail("%lld bytes of direct I/O, want %lld", got, want);
    long long pinned = fixture.file.read[ALIGNED_PAGE].pins ? rounds * pages : 0;
    pins_expect(&before, pinned, pinned);
  }
  close(fd);
  if (step->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (step->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct step read_memfd = {BUFFER_MEMFD, false}, write_memfd = {BUFFER_MEMFD, true};
  static const struct step read_huge = {BUFFER_HUGETLB, false}, write_huge = {BUFFER_HUGETLB, true};
  static const struct ktap_case cases[] = {
      {"probe", probe, NULL},
      {"read_memfd", run, &read_memfd},
      {"write_memfd", run, &write_memfd},
      {"read_hugetlb", run, &read_huge},
      {"write_hugetlb", run, &write_huge},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  fs_fixture_end(&fixture);
  return code;
}
