// SPDX-License-Identifier: GPL-2.0
#include "null_blk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"

static const char configfs[] = "/sys/kernel/config";
static const char folder[] = "/sys/kernel/config/nullb/pinrig";

static bool put_attribute(const char* attribute, const char* value) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%s", folder, attribute);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return ktap_skip("null_blk of this kernel has no %s", attribute);
  bool good = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  if (!good) ktap_fail("writing %s to %s: %s", value, path, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

// A device that is made by hand has the name of its folder, or (older kernels) that of its index.
static bool find(struct null_blk* device) {
  char text[16] = "";
  snprintf(device->path, sizeof(device->path), "/dev/pinrig");
  if (access(device->path, F_OK) == 0) return true;
  snprintf(device->path, sizeof(device->path), "%s/index", folder);
  FILE* file = fopen(device->path, "re");
  if (file && fgets(text, sizeof(text), file)) text[strcspn(text, "\n")] = '\0';
  if (file) fclose(file);
  snprintf(device->path, sizeof(device->path), "/dev/nullb%s", text);
  return access(device->path, F_OK) == 0 ||
         ktap_fail("null_blk made a device, but %s does not exist", device->path);
}

bool null_blk_make(struct null_blk* device, const struct null_blk_setting* settings) {
  *device = (struct null_blk){.made = false};
  if (mount("configfs", configfs, "configfs", 0, NULL) < 0 && errno != EBUSY)
    return ktap_skip("no configfs in this kernel (CONFIGFS_FS): %s", strerror(errno));
  if (mkdir(folder, 0700) < 0) return ktap_skip("%s: %s (BLK_DEV_NULL_BLK)", folder, strerror(errno));
  device->made = true;
  for (; settings->attribute; ++settings)
    if (!put_attribute(settings->attribute, settings->value)) return false;
  return put_attribute("power", "1") && find(device);
}

void null_blk_remove(struct null_blk* device) {
  if (!device->made) return;
  put_attribute("power", "0");
  rmdir(folder);
  device->made = false;
}
