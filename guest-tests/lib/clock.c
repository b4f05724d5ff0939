// SPDX-License-Identifier: GPL-2.0
#include "clock.h"

#include <time.h>

long long clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void sleep_ms(int ms) {
  struct timespec length = {ms / 1000, (ms % 1000) * 1000000L};
  nanosleep(&length, NULL);
}
