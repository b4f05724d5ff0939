// SPDX-License-Identifier: GPL-2.0
// The kernel's own gup_test in all combinations that run_vmtests.sh uses with RUN_ALL: kind of memory x
// function x access x sharing x pages per call, 180 of them. Its exit code is meaningless, so each is judged
// by its output ("truncated": not all pages were pinned) and the pin counters. gup_benchmark, as it was
// called up to 5.10, has the same options but for -W, and prints times for all of them.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "ktap.h"
#include "patience.h"
#include "pins.h"
#include "proc.h"

static const char* program_name = "gup_test";
static bool is_benchmark;
enum { megabytes = 4, limit_ms = 30000, combinations = 3 * 5 * 2 * 2 * 3 };

struct way {
  const char *option, *name;
  bool pins, timed;
};
static const struct way ways[] = {
    {"-u", "get_fast", false, true},  {"-U", "get_basic", false, false},  {"-a", "pin_fast", true, true},
    {"-b", "pin_basic", true, false}, {"-L", "pin_longterm", true, true},
};
static const char* const kinds[][2] = {{"-T", "base"}, {"-t", "thp"}, {"-H", "hugetlb"}};
static const char* const accesses[][2] = {{"-w", "write"}, {"-W", "read"}};
static const char* const numbers[] = {"1", "512", "123"};

struct combination {
  const struct way* way;
  const char *kind, *access, *number;
  int megabytes;
  bool shared;
  char name[64];
};

static void program_path(char* path, size_t size) { snprintf(path, size, "/tests/kernel/%s", program_name); }

// What the program prints within its limit, in `text`. False: the running case failed.
static bool run(const struct combination* c, char* text, size_t size) {
  char program[64], amount[16];
  program_path(program, sizeof(program));
  snprintf(amount, sizeof(amount), "%d", c->megabytes);
  // gup_benchmark has no option for reads: it does not ask for FOLL_WRITE unless it is told to. Its own
  // option again, in the place of one, changes nothing.
  const char* how = is_benchmark && strcmp(c->access, "-W") == 0 ? c->way->option : c->access;
  const char* argv[] = {program,   c->way->option,          c->kind, how, "-m", amount, "-n",
                        c->number, c->shared ? "-S" : NULL, NULL};
  struct rendezvous out;
  if (!rendezvous_open(&out)) return false;
  pid_t child = proc_fork();
  if (child < 0) return false;
  if (child == 0) {
    dup2(out.write_fd, STDOUT_FILENO);
    dup2(out.write_fd, STDERR_FILENO);
    execv(program, (char* const*)argv);
    _exit(127);
  }
  close(out.write_fd);
  size_t used = 0;
  long long end = clock_ms() + patience_scaled(limit_ms);
  struct pollfd ready = {out.read_fd, POLLIN, 0};
  while (used < size - 1 && poll(&ready, 1, end > clock_ms() ? (int)(end - clock_ms()) : 0) == 1) {
    ssize_t got = read(out.read_fd, text + used, size - 1 - used);
    if (got <= 0) break;
    used += (size_t)got;
  }
  text[used] = '\0';
  close(out.read_fd);
  int code = proc_reap(child, limit_ms);
  return code == 0 || ktap_fail("exit code %d: %.300s", code, text);
}

// "PIN_FAST_BENCHMARK: Time: get:12 put:3 us", or "PIN_BASIC_TEST: done".
static void judge(const struct combination* c, const char* text) {
  char name[96];
  const char *get = strstr(text, "get:"), *put = strstr(text, "put:"), *wrong = strstr(text, "runcated");
  if (wrong) ktap_fail("not all pages were pinned: t%.60s", wrong);
  bool timed = c->way->timed || is_benchmark;
  if (!timed && !strstr(text, ": done")) ktap_fail("no \"done\": %.300s", text);
  if (!timed) return;
  KTAP_REQUIRE(get && put, "no time: %.300s", text);
  snprintf(name, sizeof(name), "%s.get_us", c->name);
  ktap_number(name, atof(get + 4));
  snprintf(name, sizeof(name), "%s.put_us", c->name);
  ktap_number(name, atof(put + 4));
}

static void combination(const void* arg) {
  const struct combination* c = arg;
  char text[4096];
  struct pins before;
  long long pages = c->way->pins ? (long long)(((size_t)c->megabytes << 20) / page_bytes()) : 0;
  char program[64];
  program_path(program, sizeof(program));
  if (access(program, X_OK) < 0) {
    ktap_skip("the kernel's selftests have no %s", program_name);
    return;
  }
  if (strcmp(c->kind, "-H") == 0 && (size_t)c->megabytes << 20 > (size_t)hugetlb_free() * hugetlb_bytes()) {
    ktap_skip("%d MiB of free huge pages are needed", c->megabytes);
    return;
  }
  if (!pins_begin(&before) || !run(c, text, sizeof(text))) return;
  judge(c, text);
  // Movable memory is pinned a second time after it has been moved.
  if (strcmp(c->way->option, "-L") == 0)
    pins_expect_at_least(&before, pages, 0);
  else
    pins_expect(&before, pages, pages);
}

int main(int argc, char** argv) {
  if (argc > 1) program_name = argv[1];
  is_benchmark = strcmp(program_name, "gup_benchmark") == 0;
  static struct combination all[combinations];
  static struct ktap_case cases[combinations];
  size_t count = 0;
  for (int n = 0; n < combinations; ++n) {
    struct combination* c = &all[count];
    const char* const* kind = kinds[n / 60];
    const char* const* access = accesses[n / 6 % 2];
    size_t huge = hugetlb_bytes() >> 20;
    *c = (struct combination){
        .way = &ways[n / 12 % 5], .kind = kind[0], .access = access[0], .number = numbers[n % 3]};
    c->shared = n / 3 % 2;
    c->megabytes = strcmp(c->kind, "-H") == 0 && huge > megabytes ? (int)huge : megabytes;
    snprintf(c->name, sizeof(c->name), "%s_%s_%s%s_n%s", c->way->name, kind[1], access[1],
             c->shared ? "_shared" : "", c->number);
    cases[count++] = (struct ktap_case){c->name, combination, c};
  }
  return ktap_run(cases, count);
}
