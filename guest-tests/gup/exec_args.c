// SPDX-License-Identifier: GPL-2.0
// Arguments and environment of a new program are written to its stack page by page, through
// get_user_pages_remote() (fs/exec.c, get_arg_page()): plain references, and every byte arrives.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

// 128 KiB is the longest that one may be (MAX_ARG_STRLEN).
enum { most = 300, longest = 128 * 1024 - 1 };

static const char flag[] = "--arguments";

struct shape {
  int count, length;
};

// Letter `at` of string `number`: no two strings are alike.
static char letter(int number, int at) {
  return (char)('a' + pattern_byte((unsigned)number, (size_t)at) % 26);
}

static char* string(int number, int length) {
  char* text = malloc((size_t)length + 1);
  if (!text) return NULL;
  for (int at = 0; at < length; ++at) text[at] = letter(number, at);
  text[length] = '\0';
  return text;
}

static bool same(const char* text, int number, int length) {
  if (!text || (int)strlen(text) != length) return false;
  for (int at = 0; at < length; ++at)
    if (text[at] != letter(number, at)) return false;
  return true;
}

// In the new program: PROGRAM FLAG COUNT LENGTH STRING..., and one string of the same length in the
// environment.
static int check(int argc, char** argv) {
  int count = argc > 3 ? atoi(argv[2]) : 0, length = argc > 3 ? atoi(argv[3]) : 0;
  if (argc != count + 4 || argv[argc] != NULL || count == 0) return 2;
  for (int i = 0; i < count; ++i)
    if (!same(argv[4 + i], i, length)) return 3;
  return same(environ[0], count, length) && environ[1] == NULL ? 0 : 4;
}

static void start(const struct shape* shape) {
  char count[16], length[16], name[] = "gup/exec_args", option[sizeof(flag)];
  // One program holds all tests and goes by its name.
  char* argv[4 + most + 1] = {name, option, count, length};
  char* envp[2] = {string(shape->count, shape->length), NULL};
  memcpy(option, flag, sizeof(flag));
  snprintf(count, sizeof(count), "%d", shape->count);
  snprintf(length, sizeof(length), "%d", shape->length);
  for (int i = 0; i < shape->count; ++i) argv[4 + i] = string(i, shape->length);
  execve("/proc/self/exe", argv, envp);
  _exit(1);
}

static void arrive(const void* arg) {
  const struct shape* shape = arg;
  struct pins before;
  if (!pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) start(shape);
  int code = proc_reap(child, 20000);
  if (code == 1) ktap_fail("execve fails");
  if (code > 1)
    ktap_fail("%s differ from those passed", code == 2   ? "count and length"
                                             : code == 3 ? "arguments"
                                                         : "environment");
  pins_expect(&before, 0, 0);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], flag) == 0) return check(argc, argv);
  static const struct shape many = {most, 700}, one = {1, longest}, page = {most, 4095}, small = {most, 1};
  static const struct ktap_case cases[] = {
      {"many_across_pages", arrive, &many},
      {"longest", arrive, &one},
      {"one_page_each", arrive, &page},
      {"single_letters", arrive, &small},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
