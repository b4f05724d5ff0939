// SPDX-License-Identifier: GPL-2.0
// All tests as one program: argv[0], .../SUITE/NAME, selects the test.
#include <stdio.h>
#include <string.h>

#include "contract/user.h"

#define TEST(suite, name) int main_of_##suite##_##name(int argc, char** argv);
#define USER(name)                      \
  extern const struct user user_##name; \
  static int main_of_user_##name(int argc, char** argv) { return contract_main(&user_##name, argc, argv); }
#include "pinrig_tests.inc"
#undef TEST
#undef USER

struct test {
  const char* name;
  int (*run)(int argc, char** argv);
};

static const struct test tests[] = {
#define TEST(suite, name) {#suite "/" #name, main_of_##suite##_##name},
#define USER(name) {"contract/" #name, main_of_user_##name},
#include "pinrig_tests.inc"
#undef TEST
#undef USER
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
