// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"

#include <stdarg.h>
#include <stdio.h>

enum outcome { OUTCOME_OK, OUTCOME_SKIP, OUTCOME_XFAIL, OUTCOME_XPASS, OUTCOME_FAIL };

static enum outcome current;
static char reason[200];

static void say(const char* prefix, const char* format, va_list args) {
  char line[400];
  vsnprintf(line, sizeof(line), format, args);
  printf("# %s%s\n", prefix, line);
}

// The first reason of the worst outcome is the one on the result line.
static void settle_on(enum outcome outcome, const char* format, va_list args) {
  if (outcome <= current) return;
  current = outcome;
  vsnprintf(reason, sizeof(reason), format, args);
}

void ktap_note(const char* format, ...) {
  va_list args;
  va_start(args, format);
  say("", format, args);
  va_end(args);
}

bool ktap_fail(const char* format, ...) {
  va_list args;
  va_start(args, format);
  say("FAIL: ", format, args);
  va_end(args);
  current = OUTCOME_FAIL;
  return false;
}

bool ktap_skip(const char* format, ...) {
  va_list args;
  va_start(args, format);
  settle_on(OUTCOME_SKIP, format, args);
  va_end(args);
  return false;
}

bool ktap_xfail(const char* format, ...) {
  va_list args;
  va_start(args, format);
  settle_on(OUTCOME_XFAIL, format, args);
  va_end(args);
  return false;
}

bool ktap_xpass(const char* format, ...) {
  va_list args;
  va_start(args, format);
  settle_on(OUTCOME_XPASS, format, args);
  va_end(args);
  return false;
}

void ktap_expect_kernel(const char* title) { ktap_note("expects kernel: %s", title); }

void ktap_number(const char* name, double value) { ktap_note("number %s %.6g", name, value); }

bool ktap_failed(void) { return current == OUTCOME_FAIL; }

static void print_result(size_t number, const char* name) {
  switch (current) {
    case OUTCOME_OK:
      printf("ok %zu %s\n", number, name);
      break;
    case OUTCOME_SKIP:
      printf("ok %zu %s # SKIP %s\n", number, name, reason);
      break;
    case OUTCOME_XFAIL:
      printf("ok %zu %s # XFAIL %s\n", number, name, reason);
      break;
    case OUTCOME_XPASS:
      printf("ok %zu %s # XPASS %s\n", number, name, reason);
      break;
    case OUTCOME_FAIL:
      printf("not ok %zu %s\n", number, name);
      break;
  }
}

int ktap_run(const struct ktap_case* cases, size_t count) {
  // By line, so that what a test said before it took the kernel down has left it.
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("KTAP version 1\n1..%zu\n", count);
  int code = 0;
  for (size_t i = 0; i < count; ++i) {
    current = OUTCOME_OK;
    reason[0] = '\0';
    // For the case in which a test takes the kernel down, or hangs: it has no result line.
    printf("# running %s\n", cases[i].name);
    cases[i].run(cases[i].arg);
    print_result(i + 1, cases[i].name);
    if (current == OUTCOME_FAIL) code = 1;
  }
  fflush(stdout);
  return code;
}
