// SPDX-License-Identifier: GPL-2.0
#include "drive.h"

#include "devices.h"

static int open_raw(int flags) { return device_open(DRIVE_RAW, 1, flags); }

long drive_dma_alignment(const char* path) { return device_queue_attribute(path, "dma_alignment"); }

static long raw_alignment(void) {
  char path[300];
  return device_find(DRIVE_RAW, 1, path, sizeof(path)) ? drive_dma_alignment(path) : -1;
}

const struct target drive_raw = {
    .open = open_raw,
    .mode = caps_dio_bdev,
    .drop_cache = device_drop_cache,
    .dma_alignment = raw_alignment,
    .offset = 8 << 20,
};

long long drive_pages(long long pages) {
  enum pin_mode mode = caps_dio_bdev();
  return mode == MODE_PIN ? pages : mode == MODE_UNKNOWN ? -1 : 0;
}
