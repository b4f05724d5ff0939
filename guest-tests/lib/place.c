// SPDX-License-Identifier: GPL-2.0
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices.h"
#include "ext2.h"
#include "ktap.h"
#include "pins.h"
#include "vfat.h"

enum { image_bytes = 4 << 20, sector = 512 };
static const char gate_name[] = "pinrig-gate";

static bool format(enum place_kind kind, int image) {
  switch (kind) {
    case PLACE_EXT4:
      return ext2_format(image);
    case PLACE_VFAT:
      return vfat_format(image);
    default:
      return ftruncate(image, image_bytes) == 0;
  }
}

// The device that the place lies on: a loop device over memory, with the gate above it if there is to be one.
// NULL: failed.
static const char* make_device(struct place* place, enum place_kind kind) {
  int image = memfd_create("place", MFD_CLOEXEC);
  bool good = (image >= 0 && format(kind, image)) || ktap_fail("creating an image: %s", strerror(errno));
  good = good && loop_open(&place->loop, image, 0);
  if (image >= 0) close(image);
  if (!good) return NULL;
  if (!place->gated) return place->loop.path;
  return dm_open_reversed(&place->gate, gate_name, place->loop.path, 0, 1, image_bytes / sector)
             ? place->gate.path
             : NULL;
}

static bool mount_at(struct place* place, const char* source, const char* type, const char* options) {
  snprintf(place->mount, sizeof(place->mount), "/tmp/pinrig-%s", type);
  mkdir(place->mount, 0700);
  place->mounted = mount(source, place->mount, type, 0, options) == 0;
  if (place->mounted) return true;
  if (errno == ENODEV) return ktap_skip("no %s in this kernel", type);
  if (strcmp(type, "9p") == 0) return ktap_skip("mounting the 9p share %s: %s", source, strerror(errno));
  return ktap_fail("mounting %s as %s: %s", source, type, strerror(errno));
}

// msize: the default since 5.15, so that a transfer is one message on older kernels, too.
static const char p9_options[] = "trans=virtio,version=9p2000.L,cache=none,msize=131072";

// Folder of the file, with the file system mounted.
static const char* make_folder(struct place* place, enum place_kind kind) {
  if (kind == PLACE_9P) {
    return mount_at(place, "pinshare", "9p", p9_options) ? place->mount : NULL;
  }
  if (kind == PLACE_EXT4 && !place->gated) {
    struct stat here, parent;
    if (stat("/mnt/ext4", &here) == 0 && stat("/mnt", &parent) == 0 && here.st_dev != parent.st_dev)
      return "/mnt/ext4";
    ktap_skip("nothing is mounted at /mnt/ext4");
    return NULL;
  }
  const char* device = make_device(place, kind);
  return device && mount_at(place, device, kind == PLACE_VFAT ? "vfat" : "ext4", NULL) ? place->mount : NULL;
}

static bool fill_it(const char* path, int flags, unsigned char fill, bool device) {
  int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
  unsigned char* bytes = malloc(place_bytes);
  bool good = fd >= 0 && bytes;
  if (good) {
    memset(bytes, fill, place_bytes);
    good = write(fd, bytes, place_bytes) == place_bytes && fsync(fd) == 0;
  }
  if (!good) ktap_fail("writing %s: %s", path, strerror(errno));
  if (good && device) good = device_drop_cache(fd);
  if (fd >= 0) close(fd);
  free(bytes);
  return good;
}

static bool open_file(struct place* place, enum place_kind kind, unsigned char fill) {
  bool device = kind == PLACE_BDEV;
  if (device && !place->gated) {
    char path[300];
    if (!device_find(DRIVE_RAW, 1, path, sizeof(path)))
      return ktap_skip("the machine has no drive %s", DRIVE_RAW);
    snprintf(place->path, sizeof(place->path), "%.60s", path);
  } else if (device) {
    const char* path = make_device(place, kind);
    if (!path) return false;
    snprintf(place->path, sizeof(place->path), "%s", path);
  } else {
    const char* folder = make_folder(place, kind);
    if (!folder) return false;
    snprintf(place->path, sizeof(place->path), "%s/pinrig-place", folder);
  }
  if (!fill_it(place->path, device ? 0 : O_CREAT | O_TRUNC, fill, device)) return false;
  place->fd = open(place->path, O_RDWR | O_DIRECT | O_CLOEXEC);
  return place->fd >= 0 || ktap_fail("%s for direct I/O: %s", place->path, strerror(errno));
}

bool place_open(struct place* place, enum place_kind kind, bool gated, unsigned char fill) {
  static const char* const names[] = {"dio.bdev", "dio.iomap", "dio.legacy", "dio.netfs"};
  *place = (struct place){.fd = -1, .loop = {.fd = -1}, .gated = gated};
  if (!pins_available() || !open_file(place, kind, fill)) return false;
  long long skew = 0;
  enum pin_mode found = caps_probe_read(place->fd, &skew);
  if (found == MODE_UNKNOWN) return false;
  pins_claim_exact(found == MODE_PIN ? 1 : 0);
  place->skew = (int)skew;
  place_skew(place, 1);
  place->mode = caps_announce(names[kind], found);
  return true;
}

void place_close(struct place* place) {
  if (place->fd >= 0) close(place->fd);
  if (place->path[0] && strncmp(place->path, "/dev/", 5) != 0) unlink(place->path);
  if (place->mounted && umount(place->mount) < 0) umount2(place->mount, MNT_DETACH);
  if (place->mount[0]) rmdir(place->mount);
  dm_close(&place->gate);
  loop_close(&place->loop);
  *place = (struct place){.fd = -1, .loop = {.fd = -1}};
}

bool place_hold(struct place* place) { return dm_suspend(&place->gate); }
bool place_release(struct place* place) { return dm_resume(&place->gate); }

long long place_skew(const struct place* place, long long sections) {
  if (place->skew == 2) pins_claim_skew(sections);
  return place->skew * sections;
}
