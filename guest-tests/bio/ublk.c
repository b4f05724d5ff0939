// SPDX-License-Identifier: GPL-2.0
// Direct I/O on a device served by a user-space program (drivers/block/ublk_drv.c): the pages of the request
// are pinned once. The driver's copies to and from the server take plain references, which no counter shows;
// that they are released is checked by sealing the memory of the server.
#include "ublk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "transfer.h"

// [0] is served by copies of the driver, [1] by copies that the server asks for.
static struct ublk devices[2] = {{.control_fd = -1}, {.control_fd = -1}};
static bool tried[2];

// Made when the first case asks for it.
static bool make(int which) {
  struct ublk* ublk = &devices[which];
  if (ublk->started) return true;
  if (tried[which]) return ktap_skip("the device does not exist: see the first case");
  tried[which] = true;
  return ublk_open(ublk, transfer_longest(), which == 1);
}

static int open_device(int which, int flags) {
  if (!make(which)) return -1;
  int fd = open(devices[which].path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", devices[which].path, strerror(errno));
  return fd;
}
static int open_copied(int flags) { return open_device(0, flags); }
static int open_asked(int flags) { return open_device(1, flags); }

static long alignment_copied(void) { return devices[0].started ? drive_dma_alignment(devices[0].path) : -1; }
static long alignment_asked(void) { return devices[1].started ? drive_dma_alignment(devices[1].path) : -1; }

// What this kernel does on a block device, wherever that was found out.
static enum pin_mode mode_copied(void) { return make(0) ? caps_dio_bdev() : MODE_UNKNOWN; }
static enum pin_mode mode_asked(void) { return make(1) ? caps_dio_bdev() : MODE_UNKNOWN; }

// Ends the devices: the server's memory is free again.
static void given_back(const void* arg) {
  struct ublk* ublk = &devices[*(const int*)arg];
  if (!ublk->started) ktap_skip("the device did not exist");
  ublk_close(ublk);
}

static bool on_sectors(const struct shape* shape) { return shape->offset % 512 == 0; }

int main(void) {
  static const struct target copied = {.open = open_copied,
                                       .mode = mode_copied,
                                       .drop_cache = device_drop_cache,
                                       .dma_alignment = alignment_copied};
  static const struct target asked = {.open = open_asked,
                                      .mode = mode_asked,
                                      .drop_cache = device_drop_cache,
                                      .dma_alignment = alignment_asked};
  static const int first = 0, second = 1;
  static struct ktap_case cases[192];
  size_t count = transfer_cases(cases, 0, 190, &copied, "", on_sectors);
  cases[count++] = (struct ktap_case){"server_memory", given_back, &first};
  count = transfer_cases(cases, count, 191, &asked, "user_copy_", on_sectors);
  cases[count++] = (struct ktap_case){"user_copy_server_memory", given_back, &second};
  return ktap_run(cases, count);
}
