// SPDX-License-Identifier: GPL-2.0
#include "hotunplug.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "host.h"
#include "ktap.h"

enum { seed = 77 };

size_t hotunplug_bytes(void) { return hotunplug_pages * page_bytes(); }

off_t hotunplug_offset(int number) { return (off_t)(2 * number) * (off_t)hotunplug_bytes(); }

// Through the page cache: the few large requests of writeback are all that the drive has to answer.
static bool fill(const char* path) {
  size_t length = (size_t)hotunplug_offset(hotunplug_blocks);
  unsigned char* bytes = malloc(length);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (!bytes || fd < 0) return ktap_fail("%s: %s", path, strerror(errno));
  pattern_fill(bytes, length, seed, 0);
  bool good =
      pwrite(fd, bytes, length, 0) == (ssize_t)length || ktap_fail("%s: writing: %s", path, strerror(errno));
  good = good && device_drop_cache(fd);
  close(fd);
  free(bytes);
  return good;
}

static bool open_direct(const char* path, int* fd) {
  *fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  return *fd >= 0 || ktap_fail("%s: %s", path, strerror(errno));
}

bool hotunplug_open(int* fd) {
  char path[300];
  if (!device_find(DRIVE_REMOVABLE, 1, path, sizeof(path)))
    return ktap_skip("the machine has no removable drive %s", DRIVE_REMOVABLE);
  return fill(path) && open_direct(path, fd);
}

bool hotunplug_gate(struct dm* gate, int* fd) {
  char path[300];
  unsigned sectors = (unsigned)(hotunplug_offset(hotunplug_blocks) / 512);
  return device_find(DRIVE_REMOVABLE, 1, path, sizeof(path)) &&
         dm_open_reversed(gate, "pinrig-gone", path, 0, 1, sectors) && open_direct(gate->path, fd);
}

enum hotunplug_end hotunplug_judge(int number, const unsigned char* at, long result) {
  if (result < 0) return HOTUNPLUG_ERROR;
  if (result == (long)hotunplug_bytes() &&
      pattern_check(at, hotunplug_bytes(), seed, (size_t)hotunplug_offset(number)) < 0)
    return HOTUNPLUG_DATA;
  ktap_fail("the read of block %d ended with %ld%s", number, result,
            result == (long)hotunplug_bytes() ? " and wrong data" : "");
  return HOTUNPLUG_WRONG;
}
