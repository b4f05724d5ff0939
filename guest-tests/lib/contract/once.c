// SPDX-License-Identifier: GPL-2.0
#include "contract/once.h"

#include <stdlib.h>
#include <unistd.h>

static pid_t maker;  // 0: it is not made
static void (*remover)(void);

static void remove_at_end(void) {
  if (maker == getpid()) remover();
}

bool once_made(bool (*make)(void), void (*remove)(void)) {
  if (maker) return true;
  if (!make()) {
    remove();
    return false;
  }
  maker = getpid();
  remover = remove;
  return atexit(remove_at_end) == 0;
}
