// SPDX-License-Identifier: GPL-2.0
// All tests as one program: argv[0], .../SUITE/NAME, selects the test.
#include <stdio.h>
#include <string.h>

#define TEST(suite, name) int main_of_##suite##_##name(int argc, char** argv);
#include "pinrig_tests.inc"
#undef TEST

struct test {
  const char* name;
  int (*run)(int argc, char** argv);
};

static const struct test tests[] = {
#define TEST(suite, name) {#suite "/" #name, main_of_##suite##_##name},
#include "pinrig_tests.inc"
#undef TEST
};

// The last two parts of a path.
static const char* suite_and_name(const char* path) {
  const char* from = path;
  const char* slash = NULL;
  for (const char* at = path; *at != 0; ++at) {
    if (*at != '/') continue;
    if (slash != NULL) from = slash + 1;
    slash = at;
  }
  return from;
}

int main(int argc, char** argv) {
  const char* wanted = suite_and_name(argc > 0 ? argv[0] : "");
  for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); ++i) {
    if (strcmp(tests[i].name, wanted) == 0) return tests[i].run(argc, argv);
  }
  fprintf(stderr, "%s is not a test: run this program under the name SUITE/NAME\n", wanted);
  return 2;
}
