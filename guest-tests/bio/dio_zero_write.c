// SPDX-License-Identifier: GPL-2.0
// Direct writes from the zero page, which is never pinned: not counted, and in particular not unpinned. A
// kernel that drops a reference it did not take frees the page under all its users, hence a separate guest.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { seed = 75, pages = 16, rounds = 64 };

enum source { ALL_ZERO, UNTOUCHED, EVERY_OTHER_ZERO, HUGE_ZERO };

static void make_zero(enum source source, const struct buffer* buffer) {
  size_t page = page_bytes();
  unsigned sum = 0;
  if (source == EVERY_OTHER_ZERO) {
    for (size_t i = 0; i < buffer->size; i += 2 * page) madvise(buffer->addr + i, page, MADV_DONTNEED);
  } else {
    madvise(buffer->addr, buffer->size, MADV_DONTNEED);
  }
  for (size_t i = 0; source != UNTOUCHED && i < buffer->size; i += page)
    sum += ((volatile unsigned char*)buffer->addr)[i + 7];
  if (source != EVERY_OTHER_ZERO && sum != 0) ktap_fail("transferred memory is not zero");
}

// Zeros where the zero page was, the pattern elsewhere.
static void check_medium(enum source source, size_t length) {
  struct buffer medium;
  size_t page = page_bytes();
  int fd = drive_raw.open(O_RDONLY);
  if (fd >= 0 && buffer_get(&medium, BUFFER_PAGES, length)) {
    if (!drive_raw.drop_cache(fd) || pread(fd, medium.addr, length, drive_raw.offset) != (ssize_t)length)
      ktap_fail("reading back: %s", strerror(errno));
    for (size_t i = 0; i < length && !ktap_failed(); ++i) {
      bool pattern = source == EVERY_OTHER_ZERO && i / page % 2 == 1;
      if (medium.addr[i] != (pattern ? pattern_byte(seed, i) : 0))
        ktap_fail("wrong data on the drive at byte %zu", i);
    }
    buffer_put(&medium);
  }
  if (fd >= 0) close(fd);
}

static void write_zero(const void* arg) {
  enum source source = *(const enum source*)arg;
  struct buffer buffer;
  struct pins before;
  size_t length = pages * page_bytes();
  // The huge zero page is an ordinary folio to mm/gup.c: counted.
  long long once = drive_pages(source == HUGE_ZERO ? pages : source == EVERY_OTHER_ZERO ? pages / 2 : 0);
  if (once < 0 || !transfer_store(&drive_raw, length, seed + 1)) return;
  if (!buffer_get(&buffer, source == HUGE_ZERO ? BUFFER_THP : BUFFER_PAGES, length)) return;
  pattern_fill(buffer.addr, length, seed, 0);
  make_zero(source, &buffer);
  int fd = drive_raw.open(O_WRONLY | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    for (int i = 0; i < rounds && !ktap_failed(); ++i) {
      ssize_t done = pwrite(fd, buffer.addr, length, drive_raw.offset);
      if (done != (ssize_t)length)
        ktap_fail("%zd of %zu bytes: %s", done, length, done < 0 ? strerror(errno) : "short");
    }
    pins_expect(&before, rounds * once, rounds * once);
    check_medium(source, length);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

int main(void) {
  static const enum source all = ALL_ZERO, untouched = UNTOUCHED, every_other = EVERY_OTHER_ZERO,
                           huge = HUGE_ZERO;
  static const struct ktap_case cases[] = {
      {"write_zero_page", write_zero, &all},
      {"write_untouched_pages", write_zero, &untouched},
      {"write_every_other_zero_page", write_zero, &every_other},
      {"write_huge_zero_page", write_zero, &huge},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
