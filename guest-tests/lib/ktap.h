// SPDX-License-Identifier: GPL-2.0
// KTAP version 1 from a table of cases. The names are fixed before anything runs; all other output goes into
// "# " diagnostics.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ktap_case {
  const char* name;  // stable: results are compared by it across kernels
  void (*run)(const void* arg);
  const void* arg;
};

// Prints version and plan, runs the cases in order and prints one result line each. A case that calls nothing
// below is "ok". Returns the exit code: 0 when no case failed, else 1. PINRIG_CASES ("one,another") in the
// environment leaves only these; with PINRIG_FIRST_FAILURE the first case that fails is the last.
int ktap_run(const struct ktap_case* cases, size_t count);

// A "# " line; one line per call, without newline.
void ktap_note(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The same for what only matters together with the result: it may come with the next line, and is lost if the
// kernel goes down or the test hangs before that.
void ktap_aside(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The running case failed, with a "# " line saying why. It may continue and fail again. Always returns false.
bool ktap_fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
// The kernel or the machine lacks what the case needs. A failure outranks it. Always returns false.
bool ktap_skip(const char* format, ...) __attribute__((format(printf, 1, 2)));
// The case saw the defect that this kernel is known to have. A failure outranks it. Always returns false.
bool ktap_xfail(const char* format, ...) __attribute__((format(printf, 1, 2)));
// It did not see the defect that this kernel should have. A failure outranks it. Always returns false.
bool ktap_xpass(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The kernel is going to warn, or has warned, on purpose: a kernel log event with `title` in its title is not
// a finding while this test runs, but its absence is. For tests that provoke a WARN.
void ktap_expect_kernel(const char* title);
// A number to store with the result, such as a time; `name` is a word.
void ktap_number(const char* name, double value);

// Has the running case failed so far?
bool ktap_failed(void);

// Ends the running case (a void function) as failed unless `condition` holds.
#define KTAP_REQUIRE(condition, ...) \
  do {                               \
    if (!(condition)) {              \
      ktap_fail(__VA_ARGS__);        \
      return;                        \
    }                                \
  } while (0)
