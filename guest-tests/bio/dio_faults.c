// SPDX-License-Identifier: GPL-2.0
// Direct I/O with memory that is only partly mapped, or read-only: what was pinned before the fault is either
// transferred or released. The buffer is a memfd, which can be sealed only when its pages have no extra
// references: that also shows leaked references that are not counted.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { sector = 512, seed = 60 };

struct fault {
  bool write;
  int protection;    // of the pages from `good_pages` on
  int pages;         // of the buffer
  int good_pages;    // the others have `protection`
  int start;         // bytes; negative: before the end of the good pages
  int pages_asked;   // length: pages ...
  int bytes_asked;   // ... and bytes
  int result_pages;  // what the call gives: pages ...
  int result_bytes;  // ... and bytes; or -errno
  int pinned;        // base pages
  int again;         // of these, pinned a second time
};

// The transferred part is right, and no byte behind it was touched.
static void check_data(const struct fault* fault, const unsigned char* start, size_t done, size_t readable) {
  if (fault->write) {
    transfer_compare(&drive_raw, done, seed);
    return;
  }
  long bad = pattern_check(start, done, seed, 0);
  KTAP_REQUIRE(bad < 0, "wrong data at byte %ld", bad);
  // Of several bios those before the fault have been carried out.
  bool several = fault->pages_asked > 256;
  for (size_t i = done; i < readable; ++i)
    KTAP_REQUIRE(start[i] == 0x5a || (several && start[i] == pattern_byte(seed, i)),
                 "byte %zu was written, although only %zu were transferred", i, done);
}

static void transfer(const struct fault* fault, int fd, struct buffer* buffer) {
  struct pins before;
  size_t page = page_bytes(), good = (size_t)fault->good_pages * page;
  size_t length = (size_t)fault->pages_asked * page + (size_t)fault->bytes_asked;
  unsigned char* start = buffer->addr + (fault->start < 0 ? (long)good : 0) + fault->start;
  long want =
      fault->result_bytes < 0 ? fault->result_bytes : fault->result_pages * (long)page + fault->result_bytes;
  size_t readable = fault->protection == PROT_READ ? buffer->size : good;
  readable -= (size_t)(start - buffer->addr);
  if (fault->write) pattern_fill(start, length < readable ? length : readable, seed, 0);
  KTAP_REQUIRE(mprotect(buffer->addr + good, buffer->size - good, fault->protection) == 0, "mprotect: %s",
               strerror(errno));
  long long pages = drive_pages(fault->pinned);
  if (!pins_begin(&before)) return;
  ssize_t done =
      fault->write ? pwrite(fd, start, length, drive_raw.offset) : pread(fd, start, length, drive_raw.offset);
  long result = done < 0 ? -errno : done;
  pins_expect_either(&before, pages, pages + drive_pages(fault->again));
  KTAP_REQUIRE(result == want, "%ld of %zu bytes, want %ld", result, length, want);
  check_data(fault, start, done < 0 ? 0 : (size_t)done, readable);
}

static void meet_fault(const void* arg) {
  const struct fault* fault = arg;
  struct buffer buffer;
  // A start that is not on a sector is what the cases about trimming are made of.
  if (fault->start % sector != 0 && (drive_raw.dma_alignment() & fault->start) != 0) {
    ktap_skip("the drive requires memory aligned to more than 4 bytes");
    return;
  }
  if (drive_pages(1) < 0 ||
      !transfer_store(&drive_raw, 2 * 512 * page_bytes(), fault->write ? seed + 1 : seed))
    return;
  if (!buffer_get(&buffer, BUFFER_MEMFD, (size_t)fault->pages * page_bytes())) return;
  int fd = drive_raw.open((fault->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (fd >= 0) {
    transfer(fault, fd, &buffer);
    close(fd);
    buffer_seal(&buffer);
  }
  buffer_put(&buffer);
}

#define HALF(writing) \
  { writing, PROT_NONE, 16, 8, 0, 16, 0, 8, 0, 8, 0 }
#define NOTHING(writing) \
  { writing, PROT_NONE, 16, 0, 0, 16, 0, 0, -EFAULT, 0, 0 }
// 512 bytes from 4 bytes before the hole: what was pinned holds no whole sector and is released at once.
#define TRIM(writing) \
  { writing, PROT_NONE, 2, 1, -4, 0, sector, 0, -EFAULT, 1, 0 }
// A whole sector and 4 bytes: the page is pinned for the sector, and once more for the rest, which then goes
// through the page cache (blkdev_read_iter(), blkdev_write_iter()). 7.3 cuts off the rest when it meets the
// hole (bio_iov_iter_align_down()), and does not try again.
#define TRIM_REST(writing) \
  { writing, PROT_NONE, 2, 1, -sector - 4, 0, 2 * sector, 0, sector + 4, 1, 1 }
// More than one bio: those already on their way count for nothing in the end.
#define LONG(writing) \
  { writing, PROT_NONE, 512, 300, 0, 512, 0, 0, -EFAULT, 300, 0 }

int main(void) {
  static const struct fault read_half = HALF(false), write_half = HALF(true);
  static const struct fault read_none = NOTHING(false), write_none = NOTHING(true);
  static const struct fault read_trim = TRIM(false), write_trim = TRIM(true);
  static const struct fault read_rest = TRIM_REST(false), write_rest = TRIM_REST(true);
  static const struct fault read_long = LONG(false), write_long = LONG(true);
  static const struct fault read_only = {false, PROT_READ, 16, 0, 0, 16, 0, 0, -EFAULT, 0, 0};
  static const struct fault read_half_only = {false, PROT_READ, 16, 8, 0, 16, 0, 8, 0, 8, 0};
  static const struct fault write_only = {true, PROT_READ, 16, 0, 0, 16, 0, 16, 0, 16, 0};
  static const struct ktap_case cases[] = {
      {"read_half_unmapped", meet_fault, &read_half},
      {"write_half_unmapped", meet_fault, &write_half},
      {"read_unmapped", meet_fault, &read_none},
      {"write_unmapped", meet_fault, &write_none},
      {"read_trimmed_to_nothing", meet_fault, &read_trim},
      {"write_trimmed_to_nothing", meet_fault, &write_trim},
      {"read_trimmed_to_a_sector", meet_fault, &read_rest},
      {"write_trimmed_to_a_sector", meet_fault, &write_rest},
      {"read_long_unmapped_from_page_300", meet_fault, &read_long},
      {"write_long_unmapped_from_page_300", meet_fault, &write_long},
      {"read_into_read_only_memory", meet_fault, &read_only},
      {"read_into_half_read_only_memory", meet_fault, &read_half_only},
      {"write_from_read_only_memory", meet_fault, &write_only},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
