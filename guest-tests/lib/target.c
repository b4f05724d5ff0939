// SPDX-License-Identifier: GPL-2.0
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"

#define CONFIG "/sys/kernel/config"
#define STORE CONFIG "/target/core/rd_mcp_0"
#define FABRIC CONFIG "/target/vhost"
#define GROUP FABRIC "/" TARGET_NAME "/tpgt_1"

// In the order in which they are made.
static const char* const folders[] = {STORE, STORE "/pinrig",   FABRIC, FABRIC "/" TARGET_NAME,
                                      GROUP, GROUP "/lun/lun_0"};
enum { folder_count = sizeof(folders) / sizeof(folders[0]) };

static bool put(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (!good) ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

bool target_open(void) {
  char size[32];
  if (access(CONFIG "/target", F_OK) < 0) mount("config", CONFIG, "configfs", 0, NULL);
  if (access(CONFIG "/target", F_OK) < 0) return ktap_skip("no SCSI target (TARGET_CORE)");
  for (int i = 0; i < folder_count; ++i) {
    if (mkdir(folders[i], 0700) == 0 || errno == EEXIST) continue;
    return strcmp(folders[i], FABRIC) == 0 ? ktap_skip("%s: %s (VHOST_SCSI)", folders[i], strerror(errno))
                                           : ktap_fail("%s: %s", folders[i], strerror(errno));
  }
  snprintf(size, sizeof(size), "rd_pages=%zu", TARGET_BYTES / page_bytes());
  if (!put(STORE "/pinrig/control", size) || !put(STORE "/pinrig/enable", "1")) return false;
  if (!put(GROUP "/nexus", "naa.5001405000000002")) return false;
  return symlink(STORE "/pinrig", GROUP "/lun/lun_0/disk") == 0 || ktap_fail("the unit: %s", strerror(errno));
}

void target_close(void) {
  unlink(GROUP "/lun/lun_0/disk");
  int nexus = open(GROUP "/nexus", O_WRONLY | O_CLOEXEC);
  if (nexus >= 0 && write(nexus, "NULL", 4) != 4)
    ktap_note("the nexus cannot be removed: %s", strerror(errno));
  if (nexus >= 0) close(nexus);
  for (int i = folder_count; i > 0; --i) rmdir(folders[i - 1]);
}
