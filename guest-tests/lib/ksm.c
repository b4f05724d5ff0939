// SPDX-License-Identifier: GPL-2.0
#include "ksm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

enum { limit_ms = 20000 };

static bool ksm_set(const char* name, const char* value) {
  char path[80];
  snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ktap_skip("%s: %s (CONFIG_KSM)", path, strerror(errno));
  bool good = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  close(fd);
  return good || ktap_fail("%s = %s: %s", path, value, strerror(errno));
}

static long full_scans(void) {
  FILE* file = fopen("/sys/kernel/mm/ksm/full_scans", "re");
  long scans = -1;
  if (!file) return -1;
  if (fscanf(file, "%ld", &scans) != 1) scans = -1;
  fclose(file);
  return scans;
}

// A page is merged on the second scan that finds it unchanged; the third is for good measure.
bool ksm_scan(void) {
  if (!ksm_set("sleep_millisecs", "1") || !ksm_set("pages_to_scan", "10000") || !ksm_set("run", "1"))
    return false;
  long wanted = full_scans() + 3;
  long long end = clock_ms() + patience_scaled(limit_ms);
  while (full_scans() < wanted && clock_ms() < end) sleep_ms(5);
  ksm_set("run", "0");
  return full_scans() >= wanted || ktap_fail("ksmd did not scan three times within %d ms", limit_ms);
}

void ksm_unmerge(void) {
  ksm_set("run", "2");
  ksm_set("run", "0");
}
