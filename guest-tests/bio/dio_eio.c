// SPDX-License-Identifier: GPL-2.0
// Direct I/O to a drive that answers with errors (fail_make_request): the same pages are pinned as always, and each is
// given back although its bio failed; also where some bios of a transfer succeed and others do not.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"

enum { answer_ms = 20000, seed = 80, untouched = 0x5a };

struct failing {
  bool write;
  bool async;         // by libaio
  enum buffer_kind kind;
  int pages;          // 0: the whole buffer
  int spared_pages;   // these many are transferred before the first error
};

static long carry(const struct failing* how, int fd, unsigned char* at, size_t length) {
  if (!how->async) {
    ssize_t done = how->write ? pwrite(fd, at, length, drive_raw.offset) : pread(fd, at, length, drive_raw.offset);
    return done < 0 ? -errno : done;
  }
  struct aio aio;
  long result = -ETIME;
  if (!aio_open(&aio, 1)) return result;
  if (aio_submit(&aio, how->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, fd, at, length, drive_raw.offset, 1))
    aio_reap(&aio, answer_ms, &result);
  aio_close(&aio);
  return result;
}

static void fail_transfer(const struct failing* how, const char* path, int fd, const struct buffer* buffer) {
  struct pins before;
  size_t length = how->pages ? (size_t)how->pages * page_bytes() : buffer->size;
  long long pages = drive_pages((long long)(length / page_bytes()));
  if (how->write) pattern_fill(buffer->addr, length, seed + 1, 0);
  if (fault_requests_on(path, how->spared_pages * (long)page_bytes()) && pins_begin(&before)) {
    long result = carry(how, fd, buffer->addr, length);
    pins_expect(&before, pages, pages);
    if (result != -EIO) ktap_fail("the transfer gave %ld, want %d", result, -EIO);
  }
  fault_requests_off(path);
  if (ktap_failed()) return;
  if (how->write) {
    // What was on the drive behind the spared part is still there.
    if (how->spared_pages == 0) transfer_compare(&drive_raw, length, seed);
    return;
  }
  size_t spared = (size_t)how->spared_pages * page_bytes();
  long bad = pattern_check(buffer->addr, spared, seed, 0);
  if (bad >= 0) ktap_fail("wrong data at byte %ld of what was read before the error", bad);
  for (size_t i = spared; i < length && !ktap_failed(); ++i)
    if (buffer->addr[i] != untouched) ktap_fail("byte %zu was written by a read that failed", i);
}

static void drive_fails(const void* arg) {
  const struct failing* how = arg;
  struct buffer buffer;
  char path[300];
  if (drive_pages(1) < 0 || !device_find(DRIVE_RAW, 1, path, sizeof(path))) return;
  long huge_before = hugetlb_free();
  if (!buffer_get(&buffer, how->kind, (size_t)(how->pages ? how->pages : 1) * page_bytes())) return;
  int fd = -1;
  if (transfer_store(&drive_raw, buffer.size, seed)) fd = drive_raw.open((how->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (fd >= 0) {
    fail_transfer(how, path, fd, &buffer);
    close(fd);
  }
  if (how->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (how->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct failing read_1 = {false, false, BUFFER_PAGES, 1, 0}, write_1 = {true, false, BUFFER_PAGES, 1, 0};
  static const struct failing read_16 = {false, false, BUFFER_MEMFD, 16, 0}, write_16 = {true, false, BUFFER_MEMFD, 16, 0};
  static const struct failing read_1024 = {false, false, BUFFER_PAGES, 1024, 0};
  static const struct failing write_1024 = {true, false, BUFFER_PAGES, 1024, 0};
  static const struct failing read_half = {false, false, BUFFER_PAGES, 1024, 512};
  static const struct failing write_half = {true, false, BUFFER_PAGES, 1024, 512};
  static const struct failing read_huge = {false, false, BUFFER_HUGETLB, 0, 0}, write_thp = {true, false, BUFFER_THP, 0, 0};
  static const struct failing aio_16 = {false, true, BUFFER_MEMFD, 16, 0}, aio_1024 = {true, true, BUFFER_PAGES, 1024, 0};
  static const struct ktap_case cases[] = {
      {"read_1_page", drive_fails, &read_1},
      {"write_1_page", drive_fails, &write_1},
      {"read_16_pages_of_memfd", drive_fails, &read_16},
      {"write_16_pages_of_memfd", drive_fails, &write_16},
      {"read_1024_pages", drive_fails, &read_1024},
      {"write_1024_pages", drive_fails, &write_1024},
      {"read_1024_pages_second_half_fails", drive_fails, &read_half},
      {"write_1024_pages_second_half_fails", drive_fails, &write_half},
      {"read_hugetlb", drive_fails, &read_huge},
      {"write_thp", drive_fails, &write_thp},
      {"aio_read_16_pages_of_memfd", drive_fails, &aio_16},
      {"aio_write_1024_pages", drive_fails, &aio_1024},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
