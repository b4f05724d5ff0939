// SPDX-License-Identifier: GPL-2.0
// Direct I/O that ends early: at the end of the file, or at memory that cannot be faulted in. How much is
// pinned by then and what the call returns depends on the file system (lib/dio_kind.c); all of it is
// released. The argument is the type.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { file_pages = 64, pages = 16, half = pages / 2, tail = 700, pattern = 11 };

static struct fs_fixture fixture;

static void probe(const void* type) { fs_fixture_begin(&fixture, type, file_pages * page_bytes()); }

// Writes the pattern over the file and cuts or extends it to `size`.
static bool fill(size_t size) {
  int fd = fs_fixture_open(&fixture, O_RDWR);
  if (fd < 0) return false;
  unsigned char page[4096];
  bool good = true;
  for (size_t at = 0; good && at < size; at += sizeof(page)) {
    pattern_fill(page, sizeof(page), pattern, at);
    good = pwrite(fd, page, sizeof(page), (off_t)at) == sizeof(page);
  }
  good = good && ftruncate(fd, (off_t)size) == 0 && filesystem_drop_cache(fd);
  if (!good) ktap_fail("filling the file: %s", strerror(errno));
  close(fd);
  return good;
}

// One direct transfer, and that it takes hold of `held` pages, of which legacy direct I/O submits `sections`.
// Bytes, or -errno.
static ssize_t transfer(void* addr, size_t length, off_t offset, bool write, int held, int sections) {
  struct pins before;
  ssize_t done = -EIO;
  int fd = fs_fixture_open(&fixture, O_RDWR | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    done = write ? pwrite(fd, addr, length, offset) : pread(fd, addr, length, offset);
    if (done < 0) done = -errno;
    ktap_note("gave %zd", done);
    dio_file_expect(&fixture.file, &before, write, ALIGNED_PAGE, held, sections);
  }
  if (fd >= 0) close(fd);
  return done;
}

static void short_read(size_t size) {
  struct buffer buffer;
  size_t offset = (pages - 1) * page_bytes();
  if (!fs_fixture_ready(&fixture) || !fill(size) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()))
    return;
  int there = (int)((size - offset + page_bytes() - 1) / page_bytes());
  // iomap ends with the file before it pins.
  int held = fixture.file.kind->path == DIO_IOMAP ? there : pages;
  ssize_t got = transfer(buffer.addr, pages * page_bytes(), (off_t)offset, false, held, there);
  if (got != (ssize_t)(size - offset))
    ktap_fail("%zd bytes up to the end, want %zu", got, size - offset);
  else if (pattern_check(buffer.addr, (size_t)got, pattern, offset) >= 0)
    ktap_fail("wrong data in front of the end of the file");
  buffer_put(&buffer);
}

static void read_at_end(const void* arg) {
  (void)arg;
  short_read(pages * page_bytes());
}

static void read_at_odd_end(const void* arg) {
  (void)arg;
  short_read(pages * page_bytes() + tail);
}

static void read_behind_end(const void* arg) {
  (void)arg;
  struct buffer buffer;
  if (!fs_fixture_ready(&fixture) || !fill(pages * page_bytes()) ||
      !buffer_get(&buffer, BUFFER_PAGES, page_bytes()))
    return;
  // A server is asked, with a page for the answer.
  int held = fixture.file.kind->path == DIO_SERVER ? 1 : 0;
  ssize_t got = transfer(buffer.addr, page_bytes(), pages * (off_t)page_bytes(), false, held, 0);
  if (got != 0) ktap_fail("%zd bytes beyond the end of the file", got);
  buffer_put(&buffer);
}

// What a write reported as done is in the file, as a buffered read sees it.
static void compare_file(size_t length) {
  struct buffer seen;
  int fd = fs_fixture_open(&fixture, O_RDONLY);
  if (fd >= 0 && buffer_get(&seen, BUFFER_PAGES, length)) {
    ssize_t got = pread(fd, seen.addr, length, 0);
    if (got != (ssize_t)length) ktap_fail("reading back gave %zd: %s", got, strerror(errno));
    if (got == (ssize_t)length && pattern_check(seen.addr, length, pattern, 0) >= 0)
      ktap_fail("the file has not what was written");
    buffer_put(&seen);
  }
  if (fd >= 0) close(fd);
}

// The second half of the memory is not mapped.
static void half_mapped(const void* arg) {
  bool write = arg != NULL;
  struct buffer buffer;
  size_t length = pages * page_bytes(), mapped = half * page_bytes();
  if (!fs_fixture_ready(&fixture) || !fill(length) || !buffer_get(&buffer, BUFFER_PAGES, length)) return;
  if (write) pattern_fill(buffer.addr, length, pattern, 0);
  munmap(buffer.addr + mapped, length - mapped);
  ssize_t done = transfer(buffer.addr, length, 0, write, half, half);
  enum dio_half want = write ? fixture.file.kind->write : fixture.file.kind->read;
  if (!(done == -EFAULT && want != HALF_SHORT) && !(done == (ssize_t)mapped && want != HALF_FAULTS))
    ktap_fail("gave %zd, want %zd", done, want == HALF_FAULTS ? -(ssize_t)EFAULT : (ssize_t)mapped);
  if (!write && done > 0 && pattern_check(buffer.addr, (size_t)done, pattern, 0) >= 0)
    ktap_fail("wrong data");
  if (write && done > 0) compare_file((size_t)done);
  buffer_put(&buffer);
}

// Memory that may not be written: refused without a pin that stays.
static void refused(const void* arg) {
  const int* protection = arg;
  struct buffer buffer;
  if (!fs_fixture_ready(&fixture) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  mprotect(buffer.addr, buffer.size, *protection);
  ssize_t got = transfer(buffer.addr, buffer.size, 0, false, 0, 0);
  if (got != -EFAULT) ktap_fail("gave %zd, want %d", got, -EFAULT);
  buffer_put(&buffer);
}

int main(int argc, char** argv) {
  const char* type = argc > 1 ? argv[1] : "ext4";
  static const int read_only = PROT_READ, none = PROT_NONE;
  const struct ktap_case cases[] = {
      {"probe", probe, type},
      {"read_up_to_the_end", read_at_end, NULL},
      {"read_up_to_an_odd_end", read_at_odd_end, NULL},
      {"read_behind_the_end", read_behind_end, NULL},
      {"read_half_mapped", half_mapped, NULL},
      {"write_half_mapped", half_mapped, "write"},
      {"read_into_prot_read", refused, &read_only},
      {"read_into_prot_none", refused, &none},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  fs_fixture_end(&fixture);
  return code;
}
