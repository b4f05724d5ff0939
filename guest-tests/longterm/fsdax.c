// SPDX-License-Identifier: GPL-2.0
// A file system on persistent memory (xfs, dax=always): its file mappings show the medium itself. Long-term
// pins of them are refused (mm/gup.c, check_vma_flags() and gup_fast_folio_allowed()), because the file
// system could not reuse the blocks until they end; short-term ones pin the device's pages; reading the file
// directly copies and pins nothing.
#include "fsdax.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "caps.h"
#include "devices.h"
#include "file_map.h"
#include "mr.h"
#include "uring.h"

enum { seed = 88, file_seed = 89 };
static const char path[] = FSDAX_FOLDER "/file";

// A file of 16 pages, or as long as a huge page, and a mapping of it that is the medium: MAP_SYNC is for such
// alone.
struct file {
  int fd;
  struct file_map map;
};

static bool file_open(struct file* file, bool huge) {
  const size_t size = huge ? thp_usable() : MR_PAGES * page_bytes();
  *file = (struct file){.fd = -1};
  if (size == 0 || !fsdax_mount_xfs()) return false;
  file->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file->fd < 0 || fallocate(file->fd, 0, 0, (off_t)size) < 0)
    return ktap_fail("%s: %s", path, strerror(errno));
  unsigned char block[65536];
  for (size_t at = 0; at < size; at += page_bytes()) {
    pattern_fill(block, page_bytes(), file_seed, at);
    if (write(file->fd, block, page_bytes()) != (ssize_t)page_bytes())
      return ktap_fail("%s: %s", path, strerror(errno));
  }
  return file_map(&file->map, file->fd, size, MAP_SHARED_VALIDATE | MAP_SYNC, huge) &&
         (pattern_check(file->map.addr, size, file_seed, 0) < 0 || ktap_fail("wrong data in the mapping"));
}

static void file_close(struct file* file) {
  file_unmap(&file->map);
  if (file->fd >= 0) close(file->fd);
  fsdax_unmount();
}

static void region_refused(const void* arg) {
  const bool* huge = arg;
  struct file file;
  struct link link;
  if (file_open(&file, *huge) && link_open(&link)) {
    mr_refused(&link, file.map.addr, file.map.size, IBV_ACCESS_LOCAL_WRITE, EOPNOTSUPP, EOPNOTSUPP);
    link_close(&link);
  }
  file_close(&file);
}

static void registered_buffer_refused(const void* arg) {
  const bool* huge = arg;
  struct file file;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (file_open(&file, *huge) && pins_begin(&before)) {
    int error = uring_register(ring, file.map.addr, file.map.size);
    ktap_note("registering: %s", strerror(-error));
    // EFAULT is the answer to any file; that it is DAX has to be seen first.
    if (error != -EOPNOTSUPP) ktap_fail("want EOPNOTSUPP, got %d", error);
    pins_expect_at_least(&before, 0, 0);
  }
  file_close(&file);
  close(ring);
}

// From the raw drive into the mapping: short pins of the medium's pages.
static void direct_into_mapping(const void* arg) {
  const bool* huge = arg;
  struct file file;
  struct buffer plain;
  struct pins before;
  enum pin_mode mode = caps_dio_bdev();
  if (mode == MODE_UNKNOWN) return;
  int fd = device_open(DRIVE_RAW, 1, O_RDWR | O_DIRECT);
  if (fd >= 0 && file_open(&file, *huge) && buffer_get(&plain, BUFFER_PAGES, file.map.size)) {
    long long pages = mode == MODE_PIN ? (long long)(file.map.size / page_bytes()) : 0;
    pattern_fill(plain.addr, plain.size, seed, 0);
    if (pins_begin(&before) && pwrite(fd, plain.addr, plain.size, 0) != (ssize_t)plain.size)
      ktap_fail("preparing");
    pins_expect(&before, pages, pages);
    ssize_t got = pread(fd, file.map.addr, file.map.size, 0);
    if (got != (ssize_t)file.map.size) ktap_fail("%zd bytes: %s", got, strerror(errno));
    pins_expect(&before, pages, pages);
    if (pread(file.fd, plain.addr, plain.size, 0) != (ssize_t)plain.size ||
        pattern_check(plain.addr, plain.size, seed, 0) >= 0)
      ktap_fail("the file does not hold what was read into its mapping");
    buffer_put(&plain);
  }
  if (fd >= 0) file_close(&file);
  if (fd >= 0) close(fd);
}

static void direct_read_of_file(const void* arg) {
  (void)arg;
  struct file file;
  struct buffer plain;
  struct pins before;
  if (file_open(&file, false) && buffer_get(&plain, BUFFER_PAGES, file.map.size)) {
    int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd >= 0 && pins_begin(&before)) {
      if (pread(fd, plain.addr, plain.size, 0) != (ssize_t)plain.size)
        ktap_fail("pread: %s", strerror(errno));
      pins_expect(&before, 0, 0);
      if (pattern_check(plain.addr, plain.size, file_seed, 0) >= 0) ktap_fail("wrong data");
    }
    if (fd >= 0) close(fd);
    buffer_put(&plain);
  }
  file_close(&file);
}

int main(void) {
  static const bool huge = true, base = false;
  static const struct ktap_case cases[] = {
      {"region_refused", region_refused, &base},
      {"region_refused_huge", region_refused, &huge},
      {"registered_buffer_refused", registered_buffer_refused, &base},
      {"registered_buffer_refused_huge", registered_buffer_refused, &huge},
      {"direct_read_into_mapping", direct_into_mapping, &base},
      {"direct_read_into_huge_mapping", direct_into_mapping, &huge},
      {"direct_read_of_file", direct_read_of_file, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
