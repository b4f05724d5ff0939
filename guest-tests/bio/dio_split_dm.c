// SPDX-License-Identifier: GPL-2.0
// Transfers split by a device mapper target, in the middle of pages. It passes the pages of the incoming bio
// to bios of its own, which must not release them.
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "buffers.h"
#include "devices.h"
#include "dm.h"
#include "drive.h"
#include "ktap.h"
#include "split.h"
#include "transfer.h"

enum { sector = 512, piece_pages = 6 };

static struct dm dm;

static size_t piece_bytes(void) { return piece_pages * page_bytes() + sector; }

static int open_mapped(int flags) {
  char path[300];
  if (!dm.made) {
    if (!device_find(DRIVE_RAW, 1, path, sizeof(path))) return drive_raw.open(flags);
    size_t pieces = transfer_longest() / piece_bytes() + 1;
    if (!dm_open_reversed(&dm, "pinrig", path, (unsigned long long)drive_raw.offset / sector,
                          (unsigned)pieces, (unsigned)(piece_bytes() / sector)))
      return -1;
  }
  int fd = open(dm.path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", dm.path, strerror(errno));
  return fd;
}

int main(void) {
  static struct target mapped;
  static const struct split split = {&mapped, piece_bytes};
  static struct ktap_case cases[64] = {{"dm_splits", split_becomes_many, &split}};
  mapped = drive_raw;
  mapped.open = open_mapped;
  mapped.offset = 0;
  size_t count = transfer_cases(cases, 1, 64, &mapped, "dm_", split_wanted);
  int code = ktap_run(cases, count);
  dm_close(&dm);
  return code;
}
