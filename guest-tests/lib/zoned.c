// SPDX-License-Identifier: GPL-2.0
#include "zoned.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/blkzoned.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "ktap.h"

enum { sector = 512, super_bytes = 4096 };

static bool measure(struct zoned* zoned) {
  uint32_t sectors = 0, zones = 0;
  int block = 0;
  int fd = open(zoned->path, O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && ioctl(fd, BLKGETZONESZ, &sectors) == 0 && ioctl(fd, BLKGETNRZONES, &zones) == 0 &&
              zones > 0 && ioctl(fd, BLKSSZGET, &block) == 0;
  if (!good) ktap_fail("%s: %s", zoned->path, fd < 0 ? strerror(errno) : "has no zones");
  if (fd >= 0) close(fd);
  zoned->zone_bytes = (unsigned long long)sectors * sector;
  zoned->zones = zones;
  zoned->block_bytes = (unsigned)block;
  return good;
}

bool zoned_null_blk(struct zoned* zoned) {
  static const struct null_blk_setting settings[] = {
      {"size", "128"}, {"blocksize", "512"}, {"memory_backed", "1"}, {"zoned", "1"}, {"zone_size", "8"}, {0},
  };
  *zoned = (struct zoned){0};
  const bool good = null_blk_make(&zoned->null_blk, settings);
  memcpy(zoned->path, zoned->null_blk.path, sizeof(zoned->path));
  return good && measure(zoned);
}

bool zoned_nvme(struct zoned* zoned) {
  *zoned = (struct zoned){0};
  if (!device_find(DRIVE_ZONED, 1, zoned->path, sizeof(zoned->path)))
    return ktap_skip("the machine has no NVMe drive with serial %s", DRIVE_ZONED);
  return measure(zoned);
}

void zoned_close(struct zoned* zoned) { null_blk_remove(&zoned->null_blk); }

bool zone_reset(const struct zoned* zoned, unsigned zone) {
  struct blk_zone_range range = {zone * (zoned->zone_bytes / sector), zoned->zone_bytes / sector};
  int fd = open(zoned->path, O_RDWR | O_CLOEXEC);
  bool good = fd >= 0 && ioctl(fd, BLKRESETZONE, &range) == 0;
  if (!good) ktap_fail("emptying zone %u: %s", zone, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

long long zone_written(const struct zoned* zoned, unsigned zone) {
  union {
    struct blk_zone_report report;
    unsigned char room[sizeof(struct blk_zone_report) + sizeof(struct blk_zone)];
  } one = {.report = {.sector = zone * (zoned->zone_bytes / sector), .nr_zones = 1}};
  struct blk_zone found;
  int fd = open(zoned->path, O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && ioctl(fd, BLKREPORTZONE, &one) == 0 && one.report.nr_zones == 1;
  if (!good) ktap_fail("reporting zone %u: %s", zone, strerror(errno));
  if (fd >= 0) close(fd);
  memcpy(&found, one.room + sizeof(struct blk_zone_report), sizeof(found));
  return good ? (long long)(found.wp - found.start) * sector : -1;
}

// As in the kernel's crc32(): reflected, without the inversion in the end.
static uint32_t crc32_of(const unsigned char* bytes, size_t length) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < length; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return crc;
}

static void put32(unsigned char* to, uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = (unsigned char)(value >> 8 * i);
}

// struct zonefs_super of fs/zonefs/zonefs.h: magic, checksum, label[64], uuid[16], features, uid, gid,
// permissions.
static bool write_super(const struct zoned* zoned) {
  struct buffer block;
  if (!buffer_get(&block, BUFFER_PAGES, super_bytes)) return false;
  memset(block.addr, 0, block.size);
  put32(block.addr, 0x5a4f4653);
  memcpy(block.addr + 8, "pinrig", 6);
  put32(block.addr + 8 + 64 + 16 + 8 + 4 + 4, 0600);
  put32(block.addr + 4, crc32_of(block.addr, super_bytes));
  int fd = open(zoned->path, O_WRONLY | O_DIRECT | O_CLOEXEC);
  bool good = fd >= 0 && pwrite(fd, block.addr, super_bytes, 0) == super_bytes;
  if (!good) ktap_fail("writing a zonefs super block: %s", strerror(errno));
  if (fd >= 0) close(fd);
  buffer_put(&block);
  return good;
}

bool zonefs_mount(const struct zoned* zoned, const char* target) {
  for (unsigned zone = 0; zone < zoned->zones; ++zone)
    if (!zone_reset(zoned, zone)) return false;
  if (!write_super(zoned)) return false;
  mkdir(target, 0700);
  if (mount(zoned->path, target, "zonefs", 0, "errors=remount-ro") == 0) return true;
  return errno == ENODEV ? ktap_skip("no zonefs in this kernel (ZONEFS_FS)")
                         : ktap_fail("mounting zonefs: %s", strerror(errno));
}
