// SPDX-License-Identifier: GPL-2.0
#include "vfat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"

enum { sector = 512, sectors = 8192, root_entries = 512, fat_sectors = 32, cluster_sectors = 1 };

static void put16(unsigned char* to, unsigned value) {
  to[0] = (unsigned char)value;
  to[1] = (unsigned char)(value >> 8);
}

// The boot sector and both allocation tables of an empty FAT16 of 4 MiB; all else is zero.
static bool format(int fd) {
  unsigned char boot[sector] = {0xeb, 0x3c, 0x90, 'p', 'i', 'n', 'r', 'i', 'g', ' ', ' '};
  static const unsigned char table[4] = {0xf8, 0xff, 0xff, 0xff};
  put16(boot + 11, sector);
  boot[13] = cluster_sectors;
  put16(boot + 14, 1);  // reserved: the boot sector
  boot[16] = 2;         // tables
  put16(boot + 17, root_entries);
  put16(boot + 19, sectors);
  boot[21] = 0xf8;      // media
  put16(boot + 22, fat_sectors);
  put16(boot + 24, 63);  // geometry, which nobody looks at
  put16(boot + 26, 255);
  boot[36] = 0x80;
  boot[38] = 0x29;
  memcpy(boot + 43, "PINRIG     FAT16   ", 19);
  put16(boot + 510, 0xaa55);
  return ftruncate(fd, sectors * sector) == 0 && pwrite(fd, boot, sizeof(boot), 0) == sizeof(boot) &&
         pwrite(fd, table, sizeof(table), sector) == sizeof(table) &&
         pwrite(fd, table, sizeof(table), sector * (1 + fat_sectors)) == sizeof(table);
}

static bool attach(struct vfat* vfat, int image) {
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return ktap_skip("no loop devices: %s", strerror(errno));
  int number = ioctl(control, LOOP_CTL_GET_FREE);
  close(control);
  if (number < 0) return ktap_fail("LOOP_CTL_GET_FREE: %s", strerror(errno));
  snprintf(vfat->device, sizeof(vfat->device), "/dev/loop%d", number);
  int writer = open(vfat->device, O_RDWR | O_CLOEXEC);
  // By itself it goes away with the last user, also when the test is killed.
  struct loop_config config = {.fd = (uint32_t)image, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
  bool good = writer >= 0 && ioctl(writer, LOOP_CONFIGURE, &config) == 0;
  // A device that somebody holds open for writing cannot be mounted (without BLK_DEV_WRITE_MOUNTED).
  vfat->loop = good ? open(vfat->device, O_RDONLY | O_CLOEXEC) : -1;
  if (vfat->loop < 0) ktap_fail("%s: %s", vfat->device, strerror(errno));
  if (writer >= 0) close(writer);
  return vfat->loop >= 0;
}

bool vfat_open(struct vfat* vfat) {
  *vfat = (struct vfat){.loop = -1, .target = "/tmp/pinrig-vfat"};
  int image = memfd_create("vfat", MFD_CLOEXEC);
  bool good = image >= 0 && format(image);
  if (!good) ktap_fail("making a vfat image: %s", strerror(errno));
  good = good && attach(vfat, image);
  if (image >= 0) close(image);
  if (!good) return false;
  mkdir(vfat->target, 0700);
  vfat->mounted = mount(vfat->device, vfat->target, "vfat", 0, NULL) == 0;
  if (vfat->mounted) return true;
  return errno == ENODEV ? ktap_skip("no vfat in this kernel") : ktap_fail("mounting vfat: %s", strerror(errno));
}

void vfat_close(struct vfat* vfat) {
  if (vfat->mounted && umount(vfat->target) < 0) umount2(vfat->target, MNT_DETACH);
  if (vfat->loop >= 0) close(vfat->loop);
  rmdir(vfat->target);
}
