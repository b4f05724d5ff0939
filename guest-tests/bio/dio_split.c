// SPDX-License-Identifier: GPL-2.0
// Transfers that are cut up on their way: by a queue that takes 64 KiB at a time, and by a device mapper whose pieces end
// in the middle of pages. The bios that come out of a split share the pages of the first one; only that one may give
// them back.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "dm.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "transfer.h"

enum { sector = 512, small_kb = 64, piece_pages = 6 };

static struct dm dm;
static long wide_kb;  // max_sectors_kb as it was

static bool attribute_path(const char* attribute, char* file, size_t size) {
  char path[300], real[PATH_MAX];
  if (!device_find(DRIVE_RAW, 1, path, sizeof(path)) || !realpath(path, real)) return false;
  return snprintf(file, size, "/sys/class/block/%s/%s", strrchr(real, '/') + 1, attribute) < (int)size;
}

static bool set_max_sectors(long kb) {
  char file[PATH_MAX];
  FILE* out = attribute_path("queue/max_sectors_kb", file, sizeof(file)) ? fopen(file, "we") : NULL;
  if (!out) return ktap_fail("%s: %s", file, strerror(errno));
  fprintf(out, "%ld\n", kb);
  return fclose(out) == 0 || ktap_fail("max_sectors_kb %ld: %s", kb, strerror(errno));
}

// Requests that the drive has answered.
static long requests(void) {
  char file[PATH_MAX];
  long reads = 0, writes = 0;
  FILE* in = attribute_path("stat", file, sizeof(file)) ? fopen(file, "re") : NULL;
  if (!in) return -1;
  if (fscanf(in, "%ld %*d %*d %*d %ld", &reads, &writes) != 2) reads = writes = 0;
  fclose(in);
  return reads + writes;
}

static int open_small(int flags) {
  char path[300];
  if (wide_kb == 0 && device_find(DRIVE_RAW, 1, path, sizeof(path))) {
    wide_kb = device_queue_attribute(path, "max_sectors_kb");
    if (!set_max_sectors(small_kb)) return -1;
  }
  return drive_raw.open(flags);
}

static int open_mapped(int flags) {
  char path[300];
  unsigned sectors = (unsigned)(piece_pages * page_bytes() / sector) + 1;
  if (!dm.made) {
    if (!device_find(DRIVE_RAW, 1, path, sizeof(path))) return drive_raw.open(flags);
    unsigned pieces = (unsigned)((1100 * page_bytes() + (8 << 20)) / sector) / sectors;
    if (!dm_open_reversed(&dm, "pinrig", path, (unsigned long long)drive_raw.offset / sector, pieces, sectors)) return -1;
  }
  int fd = open(dm.path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", dm.path, strerror(errno));
  return fd;
}

// That there is something to test: one transfer becomes many requests.
static void becomes_many(const void* arg) {
  const struct target* target = arg;
  struct buffer buffer;
  size_t length = 256 * page_bytes();
  if (drive_pages(1) < 0 || !buffer_get(&buffer, BUFFER_PAGES, length)) return;
  int fd = target->open(O_RDONLY | O_DIRECT);
  if (fd >= 0) {
    long before = requests();
    ssize_t done = pread(fd, buffer.addr, length, target->offset);
    pins_claim_exact(drive_pages(256));
    long cut = requests() - before;
    ktap_note("%zd bytes were read in %ld requests", done, cut);
    if (done != (ssize_t)length) ktap_fail("reading: %s", strerror(errno));
    if (cut < (long)(length / ((piece_pages + 1) * page_bytes() + (small_kb << 10)))) ktap_fail("the transfer was not split");
    close(fd);
  }
  buffer_put(&buffer);
}

static bool spans_pages(const struct shape* shape) { return shape->pages > 1 || shape->segments != 1; }

int main(void) {
  static struct target small, mapped;
  static struct ktap_case cases[128] = {
      {"max_64k_splits", becomes_many, &small},
      {"dm_splits", becomes_many, &mapped},
  };
  mapped = small = drive_raw;
  small.open = open_small;
  mapped.open = open_mapped;
  mapped.offset = 0;
  size_t count = transfer_cases(cases, 2, 128, &small, "max_64k_", spans_pages);
  count = transfer_cases(cases, count, 128, &mapped, "dm_", spans_pages);
  int code = ktap_run(cases, count);
  dm_close(&dm);
  if (wide_kb > 0) set_max_sectors(wide_kb);
  return code;
}
