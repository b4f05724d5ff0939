// SPDX-License-Identifier: GPL-2.0
#include "contract/local_end.h"

#include <stdlib.h>
#include <string.h>

#include "ktap.h"

unsigned char* local_end;

bool local_end_open(void) {
  local_end = calloc(1, local_end_most);
  return local_end || ktap_fail("no memory");
}

void local_end_close(void) {
  free(local_end);
  local_end = NULL;
}

bool local_end_store(const void* data, size_t length) {
  memcpy(local_end, data, length);
  return true;
}

bool local_end_load(void* data, size_t length) {
  memcpy(data, local_end, length);
  return true;
}
