// SPDX-License-Identifier: GPL-2.0
#include "contract/dio_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "drive.h"
#include "fs_fixture.h"
#include "ktap.h"

static struct {
  int fd;
  off_t offset;
  char path[300];
} place = {.fd = -1};

static struct fs_fixture fixture;

bool dio_user_open(const char* path, off_t offset) {
  snprintf(place.path, sizeof(place.path), "%s", path);
  place.offset = offset;
  place.fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
  return place.fd >= 0 || ktap_fail("%s for direct I/O: %s", path, strerror(errno));
}

bool dio_user_open_drive(void) {
  char path[300];
  if (!device_find(DRIVE_RAW, 1, path, sizeof(path))) return ktap_skip("the machine has no drive " DRIVE_RAW);
  return dio_user_open(path, drive_raw.offset);
}

void dio_user_close(void) {
  if (place.fd >= 0) close(place.fd);
  place.fd = -1;
}

int dio_user_fd(void) { return place.fd; }
off_t dio_user_offset(void) { return place.offset; }

long dio_user_carry(enum way way, void* addr, size_t length) {
  const ssize_t done = way == WAY_IN ? pread(place.fd, addr, length, place.offset)
                                     : pwrite(place.fd, addr, length, place.offset);
  return done < 0 ? -errno : done;
}

long dio_user_carry_pieces(enum way way, const struct iovec* pieces, int count) {
  const ssize_t done = way == WAY_IN ? preadv(place.fd, pieces, count, place.offset)
                                     : pwritev(place.fd, pieces, count, place.offset);
  return done < 0 ? -errno : done;
}

// Through the page cache, of which nothing stays.
static int open_cached(int flags) {
  const int fd = open(place.path, flags | O_CLOEXEC);
  if (fd >= 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0) return fd;
  ktap_fail("%s through the page cache: %s", place.path, strerror(errno));
  if (fd >= 0) close(fd);
  return -1;
}

bool dio_user_store(const void* data, size_t length) {
  const int fd = open_cached(O_RDWR);
  if (fd < 0) return false;
  const bool good = pwrite(fd, data, length, place.offset) == (ssize_t)length && fsync(fd) == 0 &&
                    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
  if (!good) ktap_fail("storing %zu bytes in %s: %s", length, place.path, strerror(errno));
  close(fd);
  return good;
}

bool dio_user_load(void* data, size_t length) {
  const int fd = open_cached(O_RDONLY);
  if (fd < 0) return false;
  const bool good = pread(fd, data, length, place.offset) == (ssize_t)length;
  if (!good) ktap_fail("loading %zu bytes from %s: %s", length, place.path, strerror(errno));
  close(fd);
  return good;
}

static void end_fixture(void) { fs_fixture_end(&fixture); }

bool dio_user_open_fs(const char* type) {
  static bool begun;
  if (!begun) {
    begun = true;
    fs_fixture_begin(&fixture, type, fs_fixture_offset() + dio_user_most);
    atexit(end_fixture);
    if (!fixture.ready) return false;
  }
  if (!fs_fixture_ready(&fixture) || !dio_user_open(fixture.path, (off_t)fs_fixture_offset())) return false;
  // A writeback that an injected fault ended is reported once, to whoever syncs next.
  if (fsync(place.fd) < 0) ktap_note("an earlier case's writeback: %s", strerror(errno));
  return true;
}

enum pin_mode dio_user_fs_mode(void) { return fixture.file.read[ALIGNED_PAGE].pins ? MODE_PIN : MODE_GET; }

void dio_user_fs_counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  const struct iovec vec = {(void*)addr, length};
  struct transfer_counts found;
  dio_file_counts(&fixture.file, &vec, 1, way == WAY_OUT, &found);
  *counts = (struct user_counts){.acquired = found.acquired, .sections = found.sections};
}
