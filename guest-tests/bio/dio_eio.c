// SPDX-License-Identifier: GPL-2.0
// Direct I/O to a drive that returns errors (fail_make_request): the same pages are pinned, and each is
// released although its bio failed; also if some bios of a transfer succeed and others fail.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"

enum { answer_ms = 20000, seed = 80, untouched = 0x5a, max_segments = 512, spared_pages = 300 };

struct failing {
  bool write;
  bool async;  // by libaio
  enum buffer_kind kind;
  int pages;   // 0: the whole buffer
  bool later;  // not the first bio fails, but the next one
};
// Every other page of a buffer: what lies side by side in memory could be one bio however long it is.
static struct iovec vec[max_segments];

static long carry(const struct failing* how, int fd, unsigned char* at, size_t length) {
  if (how->later) {
    ssize_t done = how->write ? pwritev(fd, vec, how->pages, drive_raw.offset)
                              : preadv(fd, vec, how->pages, drive_raw.offset);
    return done < 0 ? -errno : done;
  }
  if (!how->async) {
    ssize_t done =
        how->write ? pwrite(fd, at, length, drive_raw.offset) : pread(fd, at, length, drive_raw.offset);
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

// A read that failed has left the memory alone, but for what came by bios before the error.
static void check_read(const struct failing* how, const unsigned char* at, size_t length) {
  size_t page = page_bytes(), came = 0;
  for (size_t i = 0; i < length && !ktap_failed(); i += page) {
    const unsigned char* from = how->later ? vec[i / page].iov_base : at + i;
    bool untouched_page = true;
    for (size_t k = 0; k < page; ++k) untouched_page = untouched_page && from[k] == untouched;
    if (!untouched_page && !how->later) ktap_fail("page %zu was written by a read that failed", i / page);
    if (!untouched_page && pattern_check(from, page, seed, i) >= 0)
      ktap_fail("wrong data in page %zu", i / page);
    came += !untouched_page;
  }
  if (how->later) ktap_note("%zu pages were transferred before the error", came);
  if (came == length / page) ktap_fail("all data was transferred, but the read failed");
}

static void fail_transfer(const struct failing* how, const char* path, int fd, const struct buffer* buffer) {
  struct pins before;
  size_t length = how->pages ? (size_t)how->pages * page_bytes() : buffer->size;
  long long pages = drive_pages((long long)(length / page_bytes()));
  for (size_t i = 0; how->later && i < max_segments; ++i)
    vec[i] = (struct iovec){buffer->addr + 2 * i * page_bytes(), page_bytes()};
  if (how->write) pattern_fill(buffer->addr, length, seed + 1, 0);
  if (fault_requests_on(path, how->later ? spared_pages * (long)page_bytes() : 0) && pins_begin(&before)) {
    long result = carry(how, fd, buffer->addr, length);
    pins_expect(&before, pages, pages);
    if (result != -EIO) ktap_fail("the transfer gave %ld, want %d", result, -EIO);
  }
  fault_requests_off(path);
  if (ktap_failed()) return;
  if (!how->write)
    check_read(how, buffer->addr, length);
  else if (!how->later)
    transfer_compare(&drive_raw, length, seed);
}

static void drive_fails(const void* arg) {
  const struct failing* how = arg;
  struct buffer buffer;
  char path[300];
  if (drive_pages(1) < 0 || !device_find(DRIVE_RAW, 1, path, sizeof(path))) return;
  long huge_before = hugetlb_free();
  if (!buffer_get(&buffer, how->kind,
                  (size_t)(how->pages ? how->pages : 1) * page_bytes() * (how->later ? 2 : 1)))
    return;
  int fd = -1;
  if (transfer_store(&drive_raw, buffer.size, seed))
    fd = drive_raw.open((how->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (fd >= 0) {
    fail_transfer(how, path, fd, &buffer);
    close(fd);
  }
  if (how->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (how->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct failing read_1 = {false, false, BUFFER_PAGES, 1, false},
                              write_1 = {true, false, BUFFER_PAGES, 1, false};
  static const struct failing read_16 = {false, false, BUFFER_MEMFD, 16, false},
                              write_16 = {true, false, BUFFER_MEMFD, 16, false};
  static const struct failing read_1024 = {false, false, BUFFER_PAGES, 1024, false};
  static const struct failing write_1024 = {true, false, BUFFER_PAGES, 1024, false};
  static const struct failing read_later = {false, false, BUFFER_PAGES, 512, true};
  static const struct failing write_later = {true, false, BUFFER_PAGES, 512, true};
  static const struct failing read_huge = {false, false, BUFFER_HUGETLB, 0, false},
                              write_thp = {true, false, BUFFER_THP, 0, false};
  static const struct failing aio_16 = {false, true, BUFFER_MEMFD, 16, false},
                              aio_1024 = {true, true, BUFFER_PAGES, 1024, false};
  static const struct ktap_case cases[] = {
      {"read_1_page", drive_fails, &read_1},
      {"write_1_page", drive_fails, &write_1},
      {"read_16_pages_of_memfd", drive_fails, &read_16},
      {"write_16_pages_of_memfd", drive_fails, &write_16},
      {"read_1024_pages", drive_fails, &read_1024},
      {"write_1024_pages", drive_fails, &write_1024},
      {"read_512_segments_second_bio_fails", drive_fails, &read_later},
      {"write_512_segments_second_bio_fails", drive_fails, &write_later},
      {"read_hugetlb", drive_fails, &read_huge},
      {"write_thp", drive_fails, &write_thp},
      {"aio_read_16_pages_of_memfd", drive_fails, &aio_16},
      {"aio_write_1024_pages", drive_fails, &aio_1024},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
