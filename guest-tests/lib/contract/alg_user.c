// SPDX-License-Identifier: GPL-2.0
#include "contract/alg_user.h"

#include <string.h>
#include <unistd.h>

#include "alg.h"
#include "ktap.h"

static int algorithm = -1, operation = -1;

int alg_user_next(void) {
  if (operation >= 0) close(operation);
  operation = alg_accept(algorithm);
  return operation;
}

int alg_user_open(const char* type, const char* name, const void* key) {
  algorithm = alg_open(type, name, key);
  if (algorithm >= 0 && alg_user_next() < 0) ktap_fail("accept: %s", strerror(-operation));
  return operation;
}

void alg_user_close(void) {
  if (operation >= 0) close(operation);
  if (algorithm >= 0) close(algorithm);
  operation = algorithm = -1;
}
