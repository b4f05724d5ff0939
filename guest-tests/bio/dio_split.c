// SPDX-License-Identifier: GPL-2.0
// Transfers split by a queue limit of 64 KiB. The bios of a split share the pages of the first one; only that
// one may release them. bio/dio_split_dm does the same with the device mapper.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "split.h"
#include "transfer.h"

enum { small_kb = 64 };

static long wide_kb;  // max_sectors_kb as it was

static bool set_max_sectors(long kb) {
  char file[PATH_MAX] = "max_sectors_kb";
  FILE* out = split_attribute("queue/max_sectors_kb", file) ? fopen(file, "we") : NULL;
  if (!out) return ktap_fail("%s: %s", file, strerror(errno));
  fprintf(out, "%ld\n", kb);
  return fclose(out) == 0 || ktap_fail("max_sectors_kb %ld: %s", kb, strerror(errno));
}

static int open_small(int flags) {
  char path[300];
  if (wide_kb == 0 && device_find(DRIVE_RAW, 1, path, sizeof(path))) {
    wide_kb = device_queue_attribute(path, "max_sectors_kb");
    if (!set_max_sectors(small_kb)) return -1;
  }
  return drive_raw.open(flags);
}

static size_t small_bytes(void) { return small_kb << 10; }

int main(void) {
  static struct target small;
  static const struct split split = {&small, small_bytes};
  static struct ktap_case cases[64] = {{"max_64k_splits", split_becomes_many, &split}};
  small = drive_raw;
  small.open = open_small;
  size_t count = transfer_cases(cases, 1, 64, &small, "max_64k_", split_wanted);
  int code = ktap_run(cases, count);
  if (wide_kb > 0) set_max_sectors(wide_kb);
  return code;
}
