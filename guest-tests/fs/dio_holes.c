// SPDX-License-Identifier: GPL-2.0
// Direct reads of holes, and direct writes of less than a block into them: the file system zeroes the rest of
// the block, and the zero page that iomap adds (iomap_dio_zero) is neither pinned nor unpinned. Holes are
// read without pinning, except by fs/direct-io.c, which pins before it looks up blocks. The argument is the
// type.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { file_pages = 16, far_pages = 16, sector = 512 };

static struct fs_fixture fixture;

static void probe(const void* type) { fs_fixture_begin(&fixture, type, file_pages * page_bytes()); }

static bool all_zero(const unsigned char* bytes, size_t length, const char* what) {
  for (size_t i = 0; i < length; ++i)
    if (bytes[i] != 0) return ktap_fail("byte %zu of %s is %#x, not 0", i, what, bytes[i]);
  return true;
}

// Reads `pages` pages at `offset`; they must be zero.
static bool read_zeros(int fd, struct buffer* buffer, int pages, off_t offset) {
  struct pins before;
  size_t length = (size_t)pages * page_bytes();
  memset(buffer->addr, 0x5a, length);
  if (!pins_begin(&before)) return false;
  ssize_t got = pread(fd, buffer->addr, length, offset);
  if (got != (ssize_t)length) return ktap_fail("%zd of %zu bytes: %s", got, length, strerror(errno));
  int held = fixture.file.kind->path == DIO_LEGACY ? pages : 0;
  return dio_file_expect(&fixture.file, &before, false, ALIGNED_PAGE, held, 0) &&
         all_zero(buffer->addr, length, "what was read");
}

static void read_unwritten_at(off_t offset) {
  struct buffer buffer;
  int fd = fs_fixture_open(&fixture, O_RDONLY | O_DIRECT);
  if (fd < 0 || !buffer_get(&buffer, BUFFER_PAGES, far_pages * page_bytes())) return;
  if (read_zeros(fd, &buffer, 1, offset)) read_zeros(fd, &buffer, far_pages, offset);
  buffer_put(&buffer);
  close(fd);
}

static off_t far(int step) { return (off_t)(file_pages + 2 * step * far_pages) * (off_t)page_bytes(); }

static bool enlarge(int step) {
  int fd = fs_fixture_open(&fixture, O_RDWR);
  bool good = fd >= 0 && ftruncate(fd, far(step)) == 0 && fsync(fd) == 0;
  if (fd >= 0 && !good) ktap_fail("ftruncate: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

static bool preallocate(int step) {
  int fd = fs_fixture_open(&fixture, O_RDWR);
  bool good = fd >= 0 && fallocate(fd, 0, far(step), far_pages * (off_t)page_bytes()) == 0;
  if (fd >= 0 && !good) ktap_fail("fallocate: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

static void read_hole(const void* arg) {
  (void)arg;
  if (fs_fixture_ready(&fixture) && enlarge(1)) read_unwritten_at(file_pages * (off_t)page_bytes());
}

static void read_unwritten(const void* arg) {
  (void)arg;
  if (fs_fixture_ready(&fixture) && enlarge(1) && preallocate(1)) read_unwritten_at(far(1));
}

// A sector in the middle of the first block at `offset`, and what the medium then holds around it.
static void write_sector(off_t offset) {
  struct buffer buffer;
  struct pins before;
  unsigned char back[4096];
  int fd = fs_fixture_open(&fixture, O_RDWR | O_DIRECT), plain = fs_fixture_open(&fixture, O_RDONLY);
  KTAP_REQUIRE(fd >= 0 && plain >= 0 && buffer_get(&buffer, BUFFER_PAGES, sector), "no file or no memory");
  pattern_fill(buffer.addr, sector, 7, 0);
  if (pins_begin(&before)) {
    ssize_t put = pwrite(fd, buffer.addr, sector, offset + sector);
    if (put != sector) ktap_fail("%zd of %d bytes: %s", put, sector, strerror(errno));
    // The page that holds the sector; fs/direct-io.c releases it and leaves holes to the page cache.
    dio_file_expect(&fixture.file, &before, true, ALIGNED_SECTOR, fixture.file.kind->cached_holes ? 0 : 1, 0);
  }
  if (!ktap_failed() && filesystem_drop_cache(plain)) {
    ssize_t got = pread(plain, back, sizeof(back), offset);
    size_t end = got > 2 * sector ? (size_t)got : 2 * sector;
    if (got < 2 * sector)
      ktap_fail("reading back: %zd, %s", got, strerror(errno));
    else if (pattern_check(back + sector, sector, 7, 0) >= 0)
      ktap_fail("the sector is not what was written");
    else if (all_zero(back, sector, "the block, before the sector,"))
      all_zero(back + 2 * sector, end - 2 * sector, "the block, after the sector,");
  }
  buffer_put(&buffer);
  close(fd);
  close(plain);
}

static void write_in_hole(const void* arg) {
  (void)arg;
  if (fs_fixture_ready(&fixture) && enlarge(2)) write_sector(far(1) + far_pages * (off_t)page_bytes());
}

static void write_in_unwritten(const void* arg) {
  (void)arg;
  if (fs_fixture_ready(&fixture) && enlarge(2) && preallocate(2)) write_sector(far(2));
}

int main(int argc, char** argv) {
  const char* type = argc > 1 ? argv[1] : "ext4";
  // Has unwritten extents.
  bool extents = strcmp(type, "ext4") == 0 || strcmp(type, "xfs") == 0 || strcmp(type, "btrfs") == 0 ||
                 strcmp(type, "f2fs") == 0;
  const struct ktap_case cases[] = {
      {"probe", probe, type},
      {"read_hole", read_hole, NULL},
      {"write_sector_in_hole", write_in_hole, NULL},
      {"read_unwritten", read_unwritten, NULL},
      {"write_sector_in_unwritten", write_in_unwritten, NULL},
  };
  int code = ktap_run(cases, extents ? 5 : 3);
  fs_fixture_end(&fixture);
  return code;
}
