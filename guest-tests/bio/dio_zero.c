// SPDX-License-Identifier: GPL-2.0
// Direct reads into memory that still maps the zero page: the data must go into private pages. A kernel that
// pins the zero page for writing corrupts it for every process.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { seed = 70 };

enum mapping { MAPPED_FOR_READING, UNTOUCHED, EVERY_OTHER_PAGE };

struct zeroed {
  enum buffer_kind kind;
  enum mapping mapping;
  int pages;  // 0: the whole buffer
};

// Fresh memory reads as zeros.
static bool zero_is_pure(enum buffer_kind kind) {
  size_t length = kind == BUFFER_THP ? thp_bytes() : 16 * page_bytes();
  unsigned char* fresh = mmap(NULL, 2 * length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  if (kind == BUFFER_THP) madvise(fresh, 2 * length, MADV_HUGEPAGE);
  size_t bad = 0;
  while (bad < 2 * length && fresh[bad] == 0) ++bad;
  munmap(fresh, 2 * length);
  return bad == 2 * length ||
         ktap_fail("fresh memory is not zero at byte %zu: the zero page was written to", bad);
}

static void map_zero(const struct zeroed* zeroed, const struct buffer* buffer, size_t length) {
  size_t page = page_bytes(), step = zeroed->mapping == EVERY_OTHER_PAGE ? 2 * page : page;
  unsigned sum = 0;
  // Without the huge pages that were given away the next touch maps the (huge) zero page.
  if (zeroed->mapping != EVERY_OTHER_PAGE)
    madvise(buffer->addr, buffer->size, MADV_DONTNEED);
  else
    for (size_t i = 0; i < length; i += step) madvise(buffer->addr + i, page, MADV_DONTNEED);
  if (zeroed->mapping == UNTOUCHED) return;
  for (size_t i = 0; i < length; i += step) sum += ((volatile unsigned char*)buffer->addr)[i];
  if (sum != 0) ktap_fail("transferred memory is not zero");
}

static void read_into_zero(const void* arg) {
  const struct zeroed* zeroed = arg;
  struct buffer buffer;
  struct pins before;
  if (drive_pages(1) < 0 ||
      !buffer_get(&buffer, zeroed->kind, (size_t)(zeroed->pages ? zeroed->pages : 1) * page_bytes()))
    return;
  size_t length = zeroed->pages ? (size_t)zeroed->pages * page_bytes() : buffer.size;
  long long pages = drive_pages((long long)(length / page_bytes()));
  int fd = transfer_store(&drive_raw, length, seed) ? drive_raw.open(O_RDONLY | O_DIRECT) : -1;
  map_zero(zeroed, &buffer, length);
  if (fd >= 0 && pins_begin(&before)) {
    ssize_t done = pread(fd, buffer.addr, length, drive_raw.offset);
    if (done != (ssize_t)length)
      ktap_fail("%zd of %zu bytes: %s", done, length, done < 0 ? strerror(errno) : "short");
    pins_expect(&before, pages, pages);
    long bad = pattern_check(buffer.addr, length, seed, 0);
    if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
    zero_is_pure(zeroed->kind);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

int main(void) {
  static const struct zeroed mapped = {BUFFER_PAGES, MAPPED_FOR_READING, 16},
                             untouched = {BUFFER_PAGES, UNTOUCHED, 16};
  static const struct zeroed every_other = {BUFFER_PAGES, EVERY_OTHER_PAGE, 16},
                             huge = {BUFFER_THP, MAPPED_FOR_READING, 0};
  static const struct zeroed huge_part = {BUFFER_THP, MAPPED_FOR_READING, 16};
  static const struct ktap_case cases[] = {
      {"read_16_zero_pages", read_into_zero, &mapped},
      {"read_16_untouched_pages", read_into_zero, &untouched},
      {"read_16_pages_every_other_zero", read_into_zero, &every_other},
      {"read_huge_zero_page", read_into_zero, &huge},
      {"read_16_pages_of_huge_zero_page", read_into_zero, &huge_part},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
