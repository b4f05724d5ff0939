// SPDX-License-Identifier: GPL-2.0
// O_DIRECT on a raw NVMe drive (block/fops.c, bio_iov_iter_get_pages) in all shapes of lib/transfer.c.
//
// A kernel that pins counts every page that every iovec touches, once, also where two share a page: the bio merges
// them and gives the second pin back. One that takes plain references counts nothing.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "transfer.h"

static int open_drive(int flags) { return device_open(DRIVE_RAW, 1, flags); }

static long dma_alignment(void) {
  char path[300];
  return device_find(DRIVE_RAW, 1, path, sizeof(path)) ? device_queue_attribute(path, "dma_alignment") : -1;
}

static const struct target drive = {
    .open = open_drive,
    .mode = caps_dio_bdev,
    .drop_cache = device_drop_cache,
    .dma_alignment = dma_alignment,
    .offset = 8 << 20,
};

static void read_shape(const void* shape) { transfer_read(&drive, shape); }
static void write_shape(const void* shape) { transfer_write(&drive, shape); }

// The zero page as source: written out as zeros, neither pinned nor counted.
static void write_zero_page(const void* arg) {
  (void)arg;
  struct buffer zero;
  struct pins before;
  if (caps_dio_bdev() == MODE_UNKNOWN || !transfer_store(&drive, 16 * page_bytes(), 7)) return;
  if (!buffer_get(&zero, BUFFER_PAGES, 16 * page_bytes())) return;
  madvise(zero.addr, zero.size, MADV_DONTNEED);
  for (size_t i = 0; i < zero.size; i += page_bytes()) (void)((volatile unsigned char*)zero.addr)[i];
  int fd = open_drive(O_WRONLY | O_DIRECT);
  if (fd >= 0 && pins_begin(&before)) {
    if (pwrite(fd, zero.addr, zero.size, drive.offset) != (ssize_t)zero.size) ktap_fail("pwrite: %s", strerror(errno));
    pins_expect(&before, 0, 0);
  }
  if (fd >= 0) close(fd);
  fd = open_drive(O_RDONLY);
  memset(zero.addr, 0x5a, zero.size);
  if (fd < 0 || pread(fd, zero.addr, zero.size, drive.offset) != (ssize_t)zero.size) ktap_fail("pread: %s", strerror(errno));
  for (size_t i = 0; i < zero.size && !ktap_failed(); ++i)
    if (zero.addr[i] != 0) ktap_fail("byte %zu on the drive is not zero", i);
  if (fd >= 0) close(fd);
  buffer_put(&zero);
}

int main(void) {
  static struct ktap_case cases[128];
  static char names[128][48];
  size_t count = 0;
  for (int write = 0; write < 2; ++write) {
    for (size_t i = 0; i < transfer_shape_count && count < 127; ++i, ++count) {
      snprintf(names[count], sizeof(names[count]), "%s_%s", write ? "write" : "read", transfer_shapes[i].name);
      cases[count] = (struct ktap_case){names[count], write ? write_shape : read_shape, &transfer_shapes[i]};
    }
  }
  cases[count++] = (struct ktap_case){"write_zero_page", write_zero_page, NULL};
  return ktap_run(cases, count);
}
