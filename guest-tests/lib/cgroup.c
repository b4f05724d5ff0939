// SPDX-License-Identifier: GPL-2.0
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"

enum { equal_readings = 4, max_readings = 200 };

static const char root[] = "/tmp/cgroup";

static bool put(const char* folder, const char* name, const char* text) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0) close(fd);
  return good;
}

static bool get(const char* folder, const char* name, char* text, size_t size) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
  if (fd >= 0) close(fd);
  if (length >= 0) text[length] = '\0';
  return length >= 0;
}

bool cgroup_open(struct cgroup* group, const char* name, const char* controllers) {
  char words[64], word[32];
  group->path[0] = '\0';
  mkdir(root, 0755);
  if (mount("none", root, "cgroup2", 0, NULL) < 0) return ktap_skip("cgroup2: %s (CGROUPS)", strerror(errno));
  snprintf(group->path, sizeof(group->path), "%s/%s", root, name);
  snprintf(words, sizeof(words), "%s", controllers);
  char* rest = words;
  for (char* one; (one = strtok_r(rest, " ", &rest));) {
    snprintf(word, sizeof(word), "+%s", one);
    if (!put(root, "cgroup.subtree_control", word))
      return ktap_skip("no controller '%s' for groups: %s", one, strerror(errno));
  }
  return mkdir(group->path, 0755) == 0 || ktap_fail("%s: %s", group->path, strerror(errno));
}

void cgroup_close(struct cgroup* group) {
  if (group->path[0] && rmdir(group->path) < 0 && errno != ENOENT)
    ktap_fail("%s: %s", group->path, strerror(errno));
  umount(root);
  rmdir(root);
}

bool cgroup_enter(const struct cgroup* group) { return put(group->path, "cgroup.procs", "0"); }

static long long drained(const struct cgroup* group) {
  char text[64];
  if (!get(group->path, "memory.current", text, sizeof(text)) || atoll(text) == 0) return atoll(text);
  // A page below it: the stocks go, and nothing is reclaimed where there are any.
  snprintf(text, sizeof(text), "%lld", atoll(text) - sysconf(_SC_PAGESIZE));
  bool good = put(group->path, "memory.high", text) && put(group->path, "memory.high", "max") &&
              get(group->path, "memory.current", text, sizeof(text));
  if (good) return atoll(text);
  ktap_fail("memory.high: %s", strerror(errno));
  return -1;
}

// The stocks of other CPUs go a little later, by work that each of them does.
long long cgroup_memory(const struct cgroup* group) {
  long long now = drained(group), last;
  int equal = 0, attempts = 0;
  do {
    sleep_ms(2);
    last = now;
    now = drained(group);
    equal = now == last ? equal + 1 : 0;
  } while (equal < equal_readings && now >= 0 && ++attempts < max_readings);
  return now;
}

long long cgroup_rdma(const struct cgroup* group, const char* device, const char* resource) {
  char text[1024], key[40];
  if (!get(group->path, "rdma.current", text, sizeof(text))) {
    ktap_fail("rdma.current: %s", strerror(errno));
    return -1;
  }
  char* line = strstr(text, device);
  if (!line) return 0;
  line[strcspn(line, "\n")] = '\0';
  snprintf(key, sizeof(key), "%s=", resource);
  const char* value = strstr(line, key);
  return value ? atoll(value + strlen(key)) : 0;
}
