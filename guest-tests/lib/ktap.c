// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum outcome { OUTCOME_OK, OUTCOME_SKIP, OUTCOME_XFAIL, OUTCOME_XPASS, OUTCOME_FAIL };

static enum outcome current;
static char reason[200];

static void say(const char* prefix, const char* format, va_list args) {
  char line[400];
  vsnprintf(line, sizeof(line), format, args);
  printf("# %s%s\n", prefix, line);
}

// What a test said before it took the kernel down has left it.
static void let_out(void) { fflush(stdout); }

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
  let_out();
}

void ktap_aside(const char* format, ...) {
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
  let_out();
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

// PINRIG_CASES, "one,another": only these cases are run, and the others have no result.
static bool chosen(const char* name) {
  const char* at = getenv("PINRIG_CASES");
  if (!at) return true;
  const size_t length = strlen(name);
  for (;;) {
    const size_t word = strcspn(at, ",");
    if (word == length && memcmp(at, name, word) == 0) return true;
    if (!at[word]) return false;
    at += word + 1;
  }
}

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// On a kernel of `pinrig mutate`: which mutants' places were reached since the case before, and how long the
// case took.
static void print_reached(int fd, long took_ms) {
  static char text[32768];
  const ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
  text[n > 0 ? n : 0] = '\0';
  text[strcspn(text, "\n")] = '\0';
  printf("# reached in %ld ms: %s\n", took_ms, text);
  // Anything that is written forgets them.
  if (write(fd, "0", 1) != 1) ktap_note("/proc/pinrig_reached cannot be written");
}

static void run_case(const struct ktap_case* one, size_t number, int reached) {
  current = OUTCOME_OK;
  reason[0] = '\0';
  // For the case in which a test takes the kernel down, or hangs: it has no result line. What the case before
  // has left to say goes with it: each write wakes the agent, on another CPU.
  printf("# running %s\n", one->name);
  let_out();
  const long start = now_ms();
  one->run(one->arg);
  if (reached >= 0) print_reached(reached, now_ms() - start);
  print_result(number, one->name);
}

int ktap_run(const struct ktap_case* cases, size_t count) {
  static char room[8192];
  setvbuf(stdout, room, _IOFBF, sizeof(room));
  size_t planned = 0;
  for (size_t i = 0; i < count; ++i) planned += chosen(cases[i].name);
  printf("KTAP version 1\n1..%zu\n", planned);
  const int reached = open("/proc/pinrig_reached", O_RDWR | O_CLOEXEC);
  int code = 0;
  size_t number = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!chosen(cases[i].name)) continue;
    run_case(&cases[i], ++number, reached);
    if (current != OUTCOME_FAIL) continue;
    code = 1;
    if (getenv("PINRIG_FIRST_FAILURE") && number < planned) {
      printf("Bail out! the first failure is enough\n");
      break;
    }
  }
  if (reached >= 0) close(reached);
  fflush(stdout);
  return code;
}
