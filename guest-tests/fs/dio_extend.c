// SPDX-License-Identifier: GPL-2.0
// Direct writes that make the file longer. Some file systems use the page cache for them, and then nothing is
// pinned; once the blocks are allocated, the same write is direct. The argument is the type.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aio.h"
#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { file_pages = 16, pages = 16, pattern = 41, limit_ms = 20000 };

struct step {
  int from_page;  // sixteen pages from there, of a file of sixteen
  bool again;     // once more when they are there
  bool queued;    // by AIO
};

static struct fs_fixture fixture;

static void probe(const void* type) { fs_fixture_begin(&fixture, type, file_pages * page_bytes()); }

static bool cut(void) {
  int fd = fs_fixture_open(&fixture, O_RDWR);
  bool good = fd >= 0 && ftruncate(fd, file_pages * (off_t)page_bytes()) == 0 && fsync(fd) == 0;
  if (fd >= 0 && !good) ktap_fail("cutting the file: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

static ssize_t by_aio(int fd, const struct buffer* buffer, off_t offset) {
  struct aio aio;
  long result = -1;
  if (aio_open(&aio, 1) && aio_submit(&aio, IOCB_CMD_PWRITE, fd, buffer->addr, buffer->size, offset, 1) &&
      aio_reap(&aio, limit_ms, &result) == 0)
    ktap_fail("the write does not end");
  aio_close(&aio);
  return result;
}

static bool put(int fd, struct buffer* buffer, off_t offset, bool direct, bool queued) {
  struct pins before;
  if (!pins_begin(&before)) return false;
  ssize_t done = queued ? by_aio(fd, buffer, offset) : pwrite(fd, buffer->addr, buffer->size, offset);
  if (done != (ssize_t)buffer->size)
    return ktap_fail("%zd of %zu bytes: %s", done, buffer->size, strerror(errno));
  return dio_file_expect(&fixture.file, &before, true, ALIGNED_PAGE, direct ? pages : 0, direct ? pages : 0);
}

// What the medium holds: what was written, up to the end, and zeros between the old end and that.
static void read_back(off_t offset) {
  static unsigned char bytes[65536];
  struct stat state;
  size_t length = pages * page_bytes(), page = page_bytes();
  int fd = fs_fixture_open(&fixture, O_RDONLY);
  if (fd < 0) return;
  if (fstat(fd, &state) < 0 || state.st_size != offset + (off_t)length)
    ktap_fail("the file has %lld bytes, want %lld", (long long)state.st_size,
              (long long)offset + (long long)length);
  filesystem_drop_cache(fd);
  off_t old_end = file_pages * (off_t)page;
  for (off_t at = offset < old_end ? offset : old_end; !ktap_failed() && at < state.st_size;
       at += (off_t)page) {
    bool written = at >= offset;
    if (pread(fd, bytes, page, at) != (ssize_t)page)
      ktap_fail("reading back: %s", strerror(errno));
    else if (written && pattern_check(bytes, page, pattern, (size_t)(at - offset)) >= 0)
      ktap_fail("wrong data");
    for (size_t i = 0; !written && !ktap_failed() && i < page; ++i)
      if (bytes[i] != 0) ktap_fail("byte %zu after the old end is not zero", i);
  }
  close(fd);
}

static void extend(const void* arg) {
  const struct step* step = arg;
  struct buffer buffer;
  off_t offset = step->from_page * (off_t)page_bytes();
  if (!fs_fixture_ready(&fixture) || !cut() || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()))
    return;
  pattern_fill(buffer.addr, buffer.size, pattern, 0);
  int fd = fs_fixture_open(&fixture, O_RDWR | O_DIRECT);
  if (fd >= 0 && put(fd, &buffer, offset, !fixture.file.kind->cached_extending, step->queued)) {
    read_back(offset);
    if (step->again && !ktap_failed()) put(fd, &buffer, offset, true, step->queued);
  }
  if (fd >= 0) close(fd);
  buffer_put(&buffer);
}

int main(int argc, char** argv) {
  static const struct step at_end = {file_pages}, across = {file_pages / 2}, far = {2 * file_pages};
  static const struct step again = {file_pages, true}, queued = {file_pages, false, true},
                           queued_far = {2 * file_pages, false, true};
  const struct ktap_case cases[] = {
      {"probe", probe, argc > 1 ? argv[1] : "vfat"},
      {"write_at_the_end", extend, &at_end},
      {"write_across_the_end", extend, &across},
      {"write_behind_the_end", extend, &far},
      {"write_and_overwrite", extend, &again},
      {"queued_write_at_the_end", extend, &queued},
      {"queued_write_behind_the_end", extend, &queued_far},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  fs_fixture_end(&fixture);
  return code;
}
