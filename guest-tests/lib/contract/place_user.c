// SPDX-License-Identifier: GPL-2.0
#include "contract/place_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "devices.h"
#include "ktap.h"

enum { answer_ms = 20000, tag_held = 1, sector = 512 };

// Made once for all cases of the process, and used by its children: only the file is opened for each case.
static struct place place = {.fd = -1};
static pid_t maker;  // 0: it is not made
// It stays open between the cases of a process: io_destroy() waits for two grace periods of RCU.
static struct aio aio;
static pid_t aio_owner;  // 0: it is not open
static bool held, lost;  // lost: a transfer that has not come back

static void remove_place(void) {
  if (maker == getpid()) place_close(&place);
  maker = 0;
}

static bool make_place(enum place_kind kind) {
  static bool announced;
  if (!announced) atexit(remove_place);
  announced = true;
  maker = getpid();
  if (place_open(&place, kind, true, 0)) return true;
  remove_place();
  return false;
}

static bool open_aio(void) {
  if (aio_owner != getpid()) aio_owner = aio_open(&aio, 4) ? getpid() : 0;
  return aio_owner != 0;
}

static void close_aio(void) {
  if (aio_owner == getpid()) aio_close(&aio);
  aio_owner = 0;
}

static bool open_kind(enum place_kind kind) {
  held = lost = false;
  if (maker == 0 && !make_place(kind)) return false;
  if (place.fd < 0) place.fd = open(place.path, O_RDWR | O_DIRECT | O_CLOEXEC);
  if (place.fd < 0) return ktap_fail("%s for direct I/O: %s", place.path, strerror(errno));
  return open_aio();
}

bool place_user_open_bdev(void) { return open_kind(PLACE_BDEV); }
bool place_user_open_ext4(void) { return open_kind(PLACE_EXT4); }
bool place_user_open_vfat(void) { return open_kind(PLACE_VFAT); }

void place_user_close(void) {
  if (held) place_release(&place);
  held = false;
  if (lost || aio.in_flight) close_aio();
  if (place.fd >= 0) close(place.fd);
  place.fd = -1;
  if (lost) remove_place();
}

enum pin_mode place_user_mode(void) { return place.mode; }

struct place* place_user_place(void) {
  return &place;
}

static long reap(void) {
  long result;
  lost = aio_reap(&aio, answer_ms, &result) != tag_held;
  return lost ? -ETIME : result;
}

long place_user_carry(enum way way, void* addr, size_t length) {
  const int command = way == WAY_IN ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
  const int error = aio_try_submit(&aio, command, place.fd, addr, length, 0, tag_held);
  if (error) return error;
  return reap();
}

long place_user_carry_pieces(enum way way, const struct iovec* pieces, int count) {
  const int command = way == WAY_IN ? IOCB_CMD_PREADV : IOCB_CMD_PWRITEV;
  const int error = aio_try_submit(&aio, command, place.fd, pieces, (size_t)count, 0, tag_held);
  if (error) return error;
  return reap();
}

int place_user_take(enum way way, void* addr, size_t length) {
  long result;
  if (!place_hold(&place)) return -EIO;
  held = true;
  const int command = way == WAY_IN ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
  int error = aio_try_submit(&aio, command, place.fd, addr, length, 0, tag_held);
  // What is refused at once, or in a completion that does not wait for the gate.
  if (error == 0 && aio_reap(&aio, 0, &result) == tag_held) error = result < 0 ? (int)result : -EBADE;
  if (error == 0) return 0;
  place_release(&place);
  held = false;
  return error;
}

long place_user_let_go(void) {
  if (!held) return 0;
  place_release(&place);
  held = false;
  return reap();
}

bool place_user_renew(void) {
  if (lost || aio.in_flight) close_aio();
  const bool good = open_aio();
  if (fsync(place.fd) < 0) ktap_note("an earlier writeback: %s", strerror(errno));
  return good;
}

void place_user_ending(void) { place_release(&place); }

static size_t whole_sectors(size_t length) { return (length + sector - 1) / sector * sector; }

bool place_user_store(const void* data, size_t length) {
  const int fd = open(place.path, O_RDWR | O_CLOEXEC);
  bool good = fd >= 0 && pwrite(fd, data, length, 0) == (ssize_t)length && fsync(fd) == 0;
  if (!good) ktap_fail("storing %zu bytes in %s: %s", length, place.path, strerror(errno));
  // A page that stays in the cache would be what a direct read finds first.
  if (good) good = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
  if (fd >= 0) close(fd);
  return good;
}

bool place_user_load(void* data, size_t length) {
  const int fd = open(place.path, O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0 &&
              pread(fd, data, length, 0) == (ssize_t)length;
  if (!good) ktap_fail("loading %zu bytes from %s: %s", length, place.path, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

void place_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way;
  if (place.mode != MODE_PIN) return;
  counts->acquired = counts->kept = (long long)pages_spanned(addr, length);
  if (place.skew) counts->sections = (long long)pages_spanned(addr, whole_sectors(length));
}
