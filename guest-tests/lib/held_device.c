// SPDX-License-Identifier: GPL-2.0
#include "held_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

enum { start_ms = 20000 };

// The device mapper counts nothing that waits in it, and takes no read that must not wait: io_uring would
// have it repeated by another thread. A loop device counts, and takes it.
bool held_device_open(struct held_device* drive, unsigned char fill) {
  *drive = (struct held_device){.fd = -1, .loop = {.fd = -1}};
  if (place_open(&drive->place, PLACE_BDEV, true, fill) &&
      loop_open(&drive->loop, drive->place.fd, LO_FLAGS_DIRECT_IO)) {
    drive->fd = open(drive->loop.path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (drive->fd < 0) ktap_fail("%s: %s", drive->loop.path, strerror(errno));
  }
  if (drive->fd < 0) held_device_close(drive);
  return drive->fd >= 0;
}

void held_device_close(struct held_device* drive) {
  if (drive->fd >= 0) close(drive->fd);
  drive->fd = -1;
  loop_close(&drive->loop);
  place_close(&drive->place);
}

bool held_device_hold(struct held_device* drive) { return place_hold(&drive->place); }
bool held_device_release(struct held_device* drive) { return place_release(&drive->place); }

int held_device_reads(const struct held_device* drive) {
  char path[80];
  int reads = -1;
  snprintf(path, sizeof(path), "/sys/class/block/%s/inflight", strrchr(drive->loop.path, '/') + 1);
  FILE* in = fopen(path, "re");
  if (!in) return -1;
  if (fscanf(in, "%d", &reads) != 1) reads = -1;
  fclose(in);
  return reads;
}

bool held_device_await(const struct held_device* drive, int reads) {
  long long end = clock_ms() + patience_scaled(start_ms);
  while (held_device_reads(drive) != reads) {
    if (clock_ms() > end)
      return ktap_fail("%d reads are in flight, want %d", held_device_reads(drive), reads);
    sleep_ms(1);
  }
  return true;
}
