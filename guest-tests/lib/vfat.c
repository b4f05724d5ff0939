// SPDX-License-Identifier: GPL-2.0
#include "vfat.h"

#include <errno.h>
#include <linux/memfd.h>
#include <string.h>
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

bool vfat_format(int fd) {
  unsigned char boot[sector] = {0xeb, 0x3c, 0x90, 'p', 'i', 'n', 'r', 'i', 'g', ' ', ' '};
  static const unsigned char table[4] = {0xf8, 0xff, 0xff, 0xff};
  put16(boot + 11, sector);
  boot[13] = cluster_sectors;
  put16(boot + 14, 1);  // reserved: the boot sector
  boot[16] = 2;         // tables
  put16(boot + 17, root_entries);
  put16(boot + 19, sectors);
  boot[21] = 0xf8;  // media
  put16(boot + 22, fat_sectors);
  put16(boot + 24, 63);  // geometry, unused
  put16(boot + 26, 255);
  boot[36] = 0x80;
  boot[38] = 0x29;
  memcpy(boot + 43, "PINRIG     FAT16   ", 19);
  put16(boot + 510, 0xaa55);
  return ftruncate(fd, sectors * sector) == 0 && pwrite(fd, boot, sizeof(boot), 0) == sizeof(boot) &&
         pwrite(fd, table, sizeof(table), sector) == sizeof(table) &&
         pwrite(fd, table, sizeof(table), sector * (1 + fat_sectors)) == sizeof(table);
}

bool vfat_open(struct vfat* vfat) {
  *vfat = (struct vfat){.loop = {.fd = -1}, .target = "/tmp/pinrig-vfat"};
  int image = memfd_create("vfat", MFD_CLOEXEC);
  bool good = image >= 0 && vfat_format(image);
  if (!good) ktap_fail("creating a vfat image: %s", strerror(errno));
  good = good && loop_open(&vfat->loop, image, 0);
  if (image >= 0) close(image);
  if (!good) return false;
  mkdir(vfat->target, 0700);
  vfat->mounted = mount(vfat->loop.path, vfat->target, "vfat", 0, NULL) == 0;
  if (vfat->mounted) return true;
  return errno == ENODEV ? ktap_skip("no vfat in this kernel")
                         : ktap_fail("mounting vfat: %s", strerror(errno));
}

void vfat_close(struct vfat* vfat) {
  if (vfat->mounted && umount(vfat->target) < 0) umount2(vfat->target, MNT_DETACH);
  loop_close(&vfat->loop);
  rmdir(vfat->target);
}
