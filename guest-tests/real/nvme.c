// SPDX-License-Identifier: GPL-2.0
// nvme-cli: reads and writes with passthrough ioctls, whose memory is pinned while the command runs;
// passthrough reads and the block layer see the written data.
#include "nvme.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "tool.h"

enum { limit_ms = 20000, bytes = 65536, pattern = 41, start_block = 64, block = 512 };

static char device[300];
static const char source[] = "/tmp/pinrig-nvme-in", result[] = "/tmp/pinrig-nvme-out";

static bool find(void) {
  if (device_find(DRIVE_RAW, 1, device, sizeof(device))) return true;
  return ktap_skip("the machine has no NVMe drive with serial " DRIVE_RAW);
}

// Runs it and judges the balance; how many commands it sends is its own affair.
static bool measured(const char* const* argv, long long least) {
  struct pins before;
  return pins_begin(&before) && tool_run(argv, limit_ms) && pins_expect_at_least(&before, least, 0);
}

static bool compare(const char* path, off_t offset) {
  static unsigned char back[bytes];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && pread(fd, back, bytes, offset) == bytes;
  if (!good) ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return good && (pattern_check(back, bytes, pattern, 0) < 0 || ktap_fail("wrong data in %s", path));
}

static void identify(const void* arg) {
  (void)arg;
  if (!find()) return;
  const char* argv[] = {"nvme", "id-ctrl", device, NULL};
  measured(argv, 0);
}

static void write_and_read(const void* arg) {
  (void)arg;
  static unsigned char data[bytes];
  char start[40], count[40], size[40], from[80], to[80];
  enum pin_mode mode = caps_dio_passthru();
  if (mode == MODE_UNKNOWN || !find()) return;
  long long pages = mode == MODE_PIN ? bytes / (long long)page_bytes() : 0;
  pattern_fill(data, bytes, pattern, 0);
  int fd = open(source, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  KTAP_REQUIRE(fd >= 0 && write(fd, data, bytes) == bytes, "%s: %s", source, strerror(errno));
  close(fd);
  snprintf(start, sizeof(start), "--start-block=%d", start_block);
  snprintf(count, sizeof(count), "--block-count=%d", bytes / block - 1);
  snprintf(size, sizeof(size), "--data-size=%d", bytes);
  snprintf(from, sizeof(from), "--data=%s", source);
  snprintf(to, sizeof(to), "--data=%s", result);
  const char* put[] = {"nvme", "write", device, start, count, size, from, NULL};
  const char* get[] = {"nvme", "read", device, start, count, size, to, NULL};
  if (!measured(put, pages) || !measured(get, pages)) return;
  int drive = device_open(DRIVE_RAW, 1, O_RDONLY);
  if (drive >= 0 && device_drop_cache(drive) && compare(result, 0)) compare(device, start_block * block);
  if (drive >= 0) close(drive);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"identify", identify, NULL},
      {"write_and_read", write_and_read, NULL},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  unlink(source);
  unlink(result);
  return code;
}
