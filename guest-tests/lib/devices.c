// SPDX-License-Identifier: GPL-2.0
#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"

static bool read_text(const char* path, char* text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, text, size - 1);
  close(fd);
  if (got <= 0) return false;
  text[got] = '\0';
  // The serial number is padded with blanks to 20 characters.
  while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == ' ')) text[--got] = '\0';
  return true;
}

static bool find_namespace(const char* controller, int nsid, char* path, size_t size) {
  DIR* dir = opendir(controller);
  if (!dir) return false;
  bool found = false;
  for (struct dirent* entry; !found && (entry = readdir(dir));) {
    char file[600], text[32];
    snprintf(file, sizeof(file), "%s/%s/nsid", controller, entry->d_name);
    found =
        strncmp(entry->d_name, "nvme", 4) == 0 && read_text(file, text, sizeof(text)) && atoi(text) == nsid;
    if (found) snprintf(path, size, "/dev/%s", entry->d_name);
  }
  closedir(dir);
  return found;
}

bool device_find(const char* serial, int nsid, char* path, size_t size) {
  snprintf(path, size, "/dev/pin/%s-n%d", serial, nsid);
  if (access(path, F_OK) == 0) return true;
  DIR* dir = opendir("/sys/class/nvme");
  if (!dir) return false;
  bool found = false;
  for (struct dirent* entry; !found && (entry = readdir(dir));) {
    char controller[300], file[320], text[64];
    snprintf(controller, sizeof(controller), "/sys/class/nvme/%s", entry->d_name);
    snprintf(file, sizeof(file), "%s/serial", controller);
    found = read_text(file, text, sizeof(text)) && strcmp(text, serial) == 0 &&
            find_namespace(controller, nsid, path, size);
  }
  closedir(dir);
  return found;
}

int device_open(const char* serial, int nsid, int flags) {
  char path[300];
  if (!device_find(serial, nsid, path, sizeof(path))) {
    ktap_skip("the machine has no NVMe drive with serial %s, namespace %d", serial, nsid);
    return -1;
  }
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", path, strerror(errno));
  return fd;
}

long device_queue_attribute(const char* path, const char* attribute) {
  char real[PATH_MAX], file[PATH_MAX + 100], text[32];
  if (!realpath(path, real)) return -1;
  const char* name = strrchr(real, '/');
  snprintf(file, sizeof(file), "/sys/class/block/%s/queue/%s", name + 1, attribute);
  return read_text(file, text, sizeof(text)) ? atol(text) : -1;
}

// -1: it cannot be read.
static long in_flight(const char* serial, int nsid) {
  char path[300], real[PATH_MAX], file[PATH_MAX + 100], text[64];
  long reads = 0, writes = 0;
  if (!device_find(serial, nsid, path, sizeof(path)) || !realpath(path, real)) return -1;
  snprintf(file, sizeof(file), "/sys/class/block/%s/inflight", strrchr(real, '/') + 1);
  return read_text(file, text, sizeof(text)) && sscanf(text, "%ld %ld", &reads, &writes) == 2 ? reads + writes
                                                                                              : -1;
}

bool device_expect_in_flight(const char* serial, int nsid) {
  const long requests = in_flight(serial, nsid);
  ktap_note("%ld requests in flight", requests);
  return requests > 0 || ktap_fail("the drive %s has answered already: nothing is in flight", serial);
}

bool device_drop_cache(int fd) {
  if (fsync(fd) < 0 || ioctl(fd, BLKFLSBUF) < 0)
    return ktap_fail("emptying the page cache: %s", strerror(errno));
  return true;
}
