// SPDX-License-Identifier: GPL-2.0
// Direct I/O with each allocation failing in turn (lib/dio_walk.c), on a stacked block device, selected by
// the argument. Its own allocations happen after the pages were pinned.
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "dio_walk.h"
#include "dm.h"
#include "drive.h"
#include "ktap.h"
#include "loop.h"
#include "ublk.h"

// Of the pieces of the device mapper each is a clone with faults of its own: few, and one of them ends within
// every transfer.
enum { sector = 512, device_pages = 400, piece_pages = 40, first_page = 32 };
static const char file_path[] = "/mnt/ext4/pinrig-loop-fault";

static const char* path;  // of the device; NULL: there is none
static struct loop loop = {.fd = -1};
static struct dm dm;
static struct ublk ublk = {.control_fd = -1};

// On a file, by direct I/O of its own.
static bool make_loop(void) {
  int file = open(file_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_DIRECT, 0600);
  if (file < 0) return ktap_fail("%s: %s", file_path, strerror(errno));
  path = loop.path;
  bool good = posix_fallocate(file, 0, (off_t)(device_pages * page_bytes())) == 0 ||
              ktap_fail("no room for %s", file_path);
  good = good && loop_open(&loop, file, LO_FLAGS_DIRECT_IO);
  close(file);
  return good;
}

// Pieces that end in the middle of pages.
static bool make_dm(void) {
  char drive[300];
  const size_t piece = piece_pages * page_bytes() + sector;
  if (!device_find(DRIVE_RAW, 1, drive, sizeof(drive))) return ktap_skip("no drive %s", DRIVE_RAW);
  path = dm.path;
  return dm_open_reversed(&dm, "pinrig-fault", drive, (unsigned long long)drive_raw.offset / sector,
                          (unsigned)(device_pages * page_bytes() / piece), (unsigned)(piece / sector));
}

static bool make_ublk(void) {
  path = ublk.path;
  return ublk_open(&ublk, device_pages * page_bytes(), false);
}

static void made(const void* arg) {
  bool (*const make)(void) = strcmp(arg, "loop") == 0   ? make_loop
                             : strcmp(arg, "ublk") == 0 ? make_ublk
                                                        : make_dm;
  if (!make()) path = NULL;
}

static int open_device(int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", path, strerror(errno));
  return fd;
}

static enum pin_mode mode(void) {
  if (path) return caps_dio_bdev();
  ktap_skip("the device does not exist: see the first case");
  return MODE_UNKNOWN;
}

int main(int argc, char** argv) {
  static struct target target = {.open = open_device, .mode = mode, .drop_cache = device_drop_cache};
  static struct ktap_case cases[8];
  target.offset = (off_t)(first_page * page_bytes());
  cases[0] = (struct ktap_case){"device", made, argc > 1 ? argv[1] : "dm"};
  int code = ktap_run(cases, dio_walk_cases(cases, 1, &target));
  loop_close(&loop);
  unlink(file_path);
  dm_close(&dm);
  ublk_close(&ublk);
  return code;
}
