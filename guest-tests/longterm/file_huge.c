// SPDX-License-Identifier: GPL-2.0
// A file of xfs in the page cache that a huge page maps for writing: a long-term pin for writing is refused,
// as that of any file. The fast way has no mapping to look at, only the huge page (mm/gup.c,
// gup_fast_pmd_leaf()).
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/gup_user.h"
#include "file_map.h"
#include "filesystem.h"
#include "ktap.h"
#include "pins.h"
#include "probe.h"
#include "uring.h"

enum { seed = 104, pages = 16 };

struct file {
  struct filesystem fs;
  int fd;
  struct file_map map;
};

// One write as long as a huge page makes one folio of it.
static bool file_open(struct file* file) {
  char path[128];
  const size_t size = thp_usable();
  struct buffer bytes;
  *file = (struct file){.fd = -1};
  if (size == 0 || !filesystem_open(&file->fs, "xfs")) return false;
  if (probe_lt_file_allowed()) return ktap_skip("this kernel allows long-term pins of files (lt.file_rw)");
  if (!buffer_get(&bytes, BUFFER_PAGES, size)) return false;
  pattern_fill(bytes.addr, size, seed, 0);
  strcpy(stpcpy(path, file->fs.target), "/huge");
  file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const bool good = file->fd >= 0 && pwrite(file->fd, bytes.addr, size, 0) == (ssize_t)size;
  if (!good) ktap_fail("%s: %s", path, strerror(errno));
  buffer_put(&bytes);
  return good && file_map(&file->map, file->fd, size, MAP_SHARED, true) &&
         (pattern_check(file->map.addr, size, seed, 0) < 0 || ktap_fail("wrong data in the mapping"));
}

static void file_close(struct file* file) {
  file_unmap(&file->map);
  if (file->fd >= 0) close(file->fd);
  filesystem_close(&file->fs);
}

static int take_registered(enum way way, void* addr, size_t length) {
  (void)way;
  const int ring = uring_open();
  const int error = ring < 0 ? -ENOSYS : uring_register(ring, addr, length);
  if (ring >= 0) close(ring);
  return error;
}

typedef int (*take_function)(enum way way, void* addr, size_t length);

static void refused(const void* arg) {
  const take_function* take = arg;
  struct file file;
  struct pins before;
  if (file_open(&file) && gup_user_open() && pins_begin(&before)) {
    const int error = (*take)(WAY_IN, file.map.addr, pages * page_bytes());
    if (error != -EFAULT) ktap_fail("pinning it for writing gives %d, want %d", error, -EFAULT);
    if (error == 0) gup_user_let_go();
    pins_expect_at_least(&before, 0, 0);
  }
  gup_user_close();
  file_close(&file);
}

// To read it may be pinned, and stays.
static void read_allowed(const void* arg) {
  (void)arg;
  struct file file;
  struct pins before;
  static unsigned char copy[pages * 65536];
  const size_t length = pages * page_bytes();
  if (file_open(&file) && gup_user_open() && pins_begin(&before)) {
    const int error = gup_user_take_fast(WAY_OUT, file.map.addr, length);
    if (error) ktap_fail("pinning it for reading: %s", strerror(-error));
    pins_expect_longterm(&before, error ? 0 : pages);
    if (gup_user_let_go() < 0 || !gup_user_load(copy, length)) ktap_fail("reading what is pinned");
    if (pattern_check(copy, length, seed, 0) >= 0) ktap_fail("the pin is of other pages");
    pins_expect(&before, 0, error ? 0 : pages);
  }
  gup_user_close();
  file_close(&file);
}

int main(void) {
  static const take_function fast = gup_user_take_fast, slow = gup_user_take_slow,
                             registered = take_registered;
  static const struct ktap_case cases[] = {
      {"fast_refused", refused, &fast},
      {"slow_refused", refused, &slow},
      {"registered_buffer_refused", refused, &registered},
      {"read_allowed", read_allowed, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
