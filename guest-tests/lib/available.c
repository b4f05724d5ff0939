// SPDX-License-Identifier: GPL-2.0
#include "available.h"

#include <stdio.h>

long long available_kib(void) {
  char line[128];
  long long kib = -1;
  FILE* file = fopen("/proc/meminfo", "re");
  while (file && kib < 0 && fgets(line, sizeof(line), file)) {
    if (sscanf(line, "MemAvailable: %lld", &kib) != 1) kib = -1;
  }
  if (file) fclose(file);
  return kib;
}
