// SPDX-License-Identifier: GPL-2.0
// Direct I/O on a file in which the first, the second, ... allocation fails, until one attempt meets no failure any more:
// whatever was pinned by then is given back, and what the call says it moved was moved. The argument is the type.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "fault.h"
#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { file_pages = 512, fresh_pages = 8, answer_ms = 20000, most_faults = 600, untouched = 0x5a, seed = 130 };

struct operation {
  int pages;
  bool write, by_aio;
};

struct walk {
  const struct operation* operation;
  struct buffer buffer;
  struct aio aio;
  size_t length;
  int fd, refused;
};

static struct fs_fixture fixture;

static void probe(const void* type) { fs_fixture_begin(&fixture, type, file_pages * page_bytes()); }

// Writes the pattern to the file through the page cache and out of it, or compares `length` bytes.
static bool store(size_t length) {
  static unsigned char page[65536];
  int fd = fs_fixture_open(&fixture, O_RDWR);
  bool good = fd >= 0;
  for (size_t at = 0; good && at < length; at += page_bytes()) {
    pattern_fill(page, page_bytes(), seed, at);
    good = pwrite(fd, page, page_bytes(), (off_t)at) == (ssize_t)page_bytes();
  }
  good = good && filesystem_drop_cache(fd);
  if (fd >= 0) close(fd);
  return good || ktap_fail("writing the file: %s", strerror(errno));
}

static void compare(size_t length, unsigned pattern) {
  static unsigned char page[65536];
  int fd = fs_fixture_open(&fixture, O_RDONLY);
  if (fd < 0) return;
  filesystem_drop_cache(fd);
  for (size_t at = 0; at < length; at += page_bytes()) {
    ssize_t got = pread(fd, page, page_bytes(), (off_t)at);
    if (got <= 0 || pattern_check(page, (size_t)got < length - at ? (size_t)got : length - at, pattern, at) < 0) continue;
    ktap_fail("%zu bytes were written, they say, but not those behind byte %zu", length, at);
    break;
  }
  close(fd);
}

// The last pages that are read into are not there yet: to bring them in fails half way, with the others pinned.
static void make_ready(struct walk* w, unsigned pattern) {
  const size_t fresh = fresh_pages * page_bytes();
  if (w->operation->write) {
    pattern_fill(w->buffer.addr, w->length, pattern, 0);
  } else {
    memset(w->buffer.addr, untouched, w->length);
    madvise(w->buffer.addr + w->length - fresh, fresh, MADV_DONTNEED);
  }
}

// Bytes, or -errno. The fault is for the submission alone, and not for the waiting.
static long transfer(struct walk* w, bool* injected) {
  const struct operation* op = w->operation;
  long result;
  if (op->by_aio) {
    result = aio_try_submit(&w->aio, op->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, w->fd, w->buffer.addr, w->length, 0, 1);
  } else {
    result = op->write ? pwrite(w->fd, w->buffer.addr, w->length, 0) : pread(w->fd, w->buffer.addr, w->length, 0);
    if (result < 0) result = -errno;
  }
  *injected = fault_nth_disarm();
  if (op->by_aio && result == 0 && aio_reap(&w->aio, answer_ms, &result) == 0) ktap_fail("no answer within %d ms", answer_ms);
  return result;
}

static bool attempt(void* context, int nth) {
  struct walk* w = context;
  const struct operation* op = w->operation;
  struct pins before, moved;
  bool injected;
  const unsigned pattern = seed + (op->write ? (unsigned)nth : 0);
  make_ready(w, pattern);
  if (!pins_begin(&before) || !fault_nth_arm(nth)) return false;
  long result = transfer(w, &injected);
  dio_file_moved(&fixture.file, &before, &moved);
  w->refused += result < 0;
  if (result < 0 && result != -ENOMEM && result != -EAGAIN && result != -EFAULT && result != -EIO)
    ktap_fail("fault %d: the operation gave %ld (%s)", nth, result, strerror((int)-result));
  if (!injected && result != (long)w->length) ktap_fail("without a fault the operation gave %ld", result);
  if (result > 0 && op->write) compare((size_t)result, pattern);
  long bad = result > 0 && !op->write ? pattern_check(w->buffer.addr, (size_t)result, seed, 0) : -1;
  if (bad >= 0) ktap_fail("fault %d: %ld bytes were moved, they say, but byte %ld is wrong", nth, result, bad);
  return injected;
}

// The first pages are of a memfd, for the oracle that sees a leak also where nothing is counted.
static bool lay_out(struct walk* w) {
  const size_t fresh = fresh_pages * page_bytes();
  if (!buffer_get(&w->buffer, BUFFER_MEMFD, w->length)) return false;
  void* last = mmap(w->buffer.addr + w->length - fresh, fresh, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return (last != MAP_FAILED && madvise(last, fresh, MADV_NOHUGEPAGE) == 0) || ktap_fail("mmap: %s", strerror(errno));
}

static void walk_faults(const void* arg) {
  const struct operation* op = arg;
  struct walk walk = {.operation = op, .length = (size_t)op->pages * page_bytes()};
  if (!fs_fixture_ready(&fixture) || !fault_nth_ready() || !store(walk.length)) return;
  walk.fd = fs_fixture_open(&fixture, O_RDWR | O_DIRECT);
  if (walk.fd < 0) return;
  if ((!op->by_aio || aio_open(&walk.aio, 1)) && lay_out(&walk)) {
    fault_each(attempt, &walk, most_faults);
    ktap_note("%d times refused", walk.refused);
    buffer_seal(&walk.buffer);
    buffer_put(&walk.buffer);
  }
  if (op->by_aio) aio_close(&walk.aio);
  close(walk.fd);
}

int main(int argc, char** argv) {
  static const struct operation read_16 = {16, false, false}, write_16 = {16, true, false}, read_300 = {300, false, false},
                                write_300 = {300, true, false}, aio_read = {16, false, true}, aio_write = {16, true, true};
  const struct ktap_case cases[] = {
      {"probe", probe, argc > 1 ? argv[1] : "ext4"},
      {"read_16_pages", walk_faults, &read_16},
      {"write_16_pages", walk_faults, &write_16},
      {"read_300_pages", walk_faults, &read_300},
      {"write_300_pages", walk_faults, &write_300},
      {"aio_read_16_pages", walk_faults, &aio_read},
      {"aio_write_16_pages", walk_faults, &aio_write},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  fs_fixture_end(&fixture);
  return code;
}
