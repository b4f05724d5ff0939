// SPDX-License-Identifier: GPL-2.0
// O_DIRECT on a raw NVMe drive (block/fops.c, bio_iov_iter_get_pages) in all shapes of lib/transfer.c.
//
// A kernel that pins counts every page that every iovec touches, once, also where two share a page: the bio merges
// them and gives the second pin back. One that takes plain references counts nothing.
#include <stdio.h>
#include <sys/types.h>

#include "caps.h"
#include "devices.h"
#include "ktap.h"
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

int main(void) {
  static struct ktap_case cases[128];
  static char names[128][48];
  size_t count = 0;
  for (int write = 0; write < 2; ++write) {
    for (size_t i = 0; i < transfer_shape_count && count < 128; ++i, ++count) {
      snprintf(names[count], sizeof(names[count]), "%s_%s", write ? "write" : "read", transfer_shapes[i].name);
      cases[count] = (struct ktap_case){names[count], write ? write_shape : read_shape, &transfer_shapes[i]};
    }
  }
  return ktap_run(cases, count);
}
