// SPDX-License-Identifier: GPL-2.0
#include "dm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"

enum { target_bytes = 96, close_ms = 10000 };  // one target with its parameters, a multiple of 8

// A request without a payload; 0 or errno.
static int command(int control, unsigned long request, struct dm_ioctl* header, const char* name,
                   size_t size) {
  header->version[0] = DM_VERSION_MAJOR;
  header->data_size = (unsigned)size;
  header->data_start = sizeof(*header);
  snprintf(header->name, sizeof(header->name), "%s", name);
  return ioctl(control, request, header) < 0 ? errno : 0;
}

static int flagged(unsigned long request, const char* name, unsigned flags, struct dm_ioctl* header) {
  int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
  if (control < 0) return errno;
  *header = (struct dm_ioctl){.flags = flags};
  int error = command(control, request, header, name, sizeof(*header));
  close(control);
  return error;
}

static int plain(unsigned long request, const char* name, struct dm_ioctl* header) {
  return flagged(request, name, 0, header);
}

// DM_TABLE_LOAD of the pieces.
static int load(const char* name, const char* device, unsigned long long first, unsigned pieces,
                unsigned sectors) {
  size_t size = sizeof(struct dm_ioctl) + (size_t)pieces * target_bytes;
  unsigned char* room = calloc(1, size);
  int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC), error = ENOMEM;
  if (room && control >= 0) {
    struct dm_ioctl* header = (struct dm_ioctl*)room;
    header->target_count = pieces;
    for (unsigned i = 0; i < pieces; ++i) {
      unsigned char* at = room + sizeof(*header) + (size_t)i * target_bytes;
      struct dm_target_spec spec = {.sector_start = (unsigned long long)i * sectors,
                                    .length = sectors,
                                    .next = target_bytes,
                                    .target_type = "linear"};
      memcpy(at, &spec, sizeof(spec));
      snprintf((char*)at + sizeof(spec), target_bytes - sizeof(spec), "%s %llu", device,
               first + (unsigned long long)(pieces - 1 - i) * sectors);
    }
    error = command(control, DM_TABLE_LOAD, header, name, size);
  }
  if (control >= 0) close(control);
  free(room);
  return error;
}

bool dm_open_reversed(struct dm* dm, const char* name, const char* path, unsigned long long first,
                      unsigned pieces, unsigned piece_sectors) {
  struct dm_ioctl header;
  struct stat status;
  char device[32];
  *dm = (struct dm){0};
  snprintf(dm->name, sizeof(dm->name), "%s", name);
  if (access("/dev/mapper/control", F_OK) < 0)
    return ktap_skip("no /dev/mapper/control: this kernel lacks BLK_DEV_DM");
  if (stat(path, &status) < 0) return ktap_fail("%s: %s", path, strerror(errno));
  snprintf(device, sizeof(device), "%u:%u", major(status.st_rdev), minor(status.st_rdev));
  int error = plain(DM_DEV_CREATE, name, &header);
  if (error) return ktap_fail("DM_DEV_CREATE: %s", strerror(error));
  dm->made = true;
  snprintf(dm->path, sizeof(dm->path), "/dev/dm-%u", minor(header.dev));
  error = load(name, device, first, pieces, piece_sectors);
  if (error) return ktap_fail("DM_TABLE_LOAD: %s", strerror(error));
  // Not suspended any more: the table that was loaded becomes the live one.
  error = plain(DM_DEV_SUSPEND, name, &header);
  return error == 0 || ktap_fail("resuming the device: %s", strerror(error));
}

void dm_close(struct dm* dm) {
  struct dm_ioctl header;
  if (!dm->made) return;
  // An io_uring closes its files some time after its process has ended.
  const long long end = clock_ms() + close_ms;
  int error = plain(DM_DEV_REMOVE, dm->name, &header);
  while (error == EBUSY && clock_ms() < end) {
    sleep_ms(10);
    error = plain(DM_DEV_REMOVE, dm->name, &header);
  }
  if (error) ktap_note("%s was not removed: %s", dm->name, strerror(error));
  dm->made = false;
}

bool dm_suspend(struct dm* dm) {
  struct dm_ioctl header;
  // The file system on it is not frozen and nothing is waited for: what comes from now on stays in the queue.
  unsigned flags = DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG | DM_NOFLUSH_FLAG;
  int error = flagged(DM_DEV_SUSPEND, dm->name, flags, &header);
  return error == 0 || ktap_fail("suspending %s: %s", dm->name, strerror(error));
}

bool dm_resume(struct dm* dm) {
  struct dm_ioctl header;
  int error = plain(DM_DEV_SUSPEND, dm->name, &header);
  return error == 0 || ktap_fail("resuming %s: %s", dm->name, strerror(error));
}
