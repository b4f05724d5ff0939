// SPDX-License-Identifier: GPL-2.0
#include "fork_race.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "ktap.h"
#include "proc.h"

enum { child_limit_ms = 10000 };

struct running {
  const struct fork_race* race;
  atomic_bool stop;
  atomic_long reads, lost, errors;
};

static void* reader(void* arg) {
  struct running* r = arg;
  unsigned char* data = r->race->page;
  while (!r->stop) {
    memset(data, 0, fork_race_sector);
    if (pread(r->race->fd, data, fork_race_sector, r->race->offset) != fork_race_sector) {
      ++r->errors;
      break;
    }
    bool good = true;
    for (int i = 0; i < fork_race_sector && good; ++i) good = data[i] == fork_race_fill;
    if (!good) ++r->lost;
    ++r->reads;
  }
  return NULL;
}

// Children that live for different times of below a millisecond, so that the race meets all of a read.
static long fork_until(struct running* r, long long end, long long last) {
  long forks = 0;
  volatile unsigned char* tail = r->race->page + page_bytes() - 1;
  unsigned random = 1;
  for (;;) {
    long long now = clock_ms();
    if (now >= last || r->errors > 0) break;
    if (now >= end && r->reads >= r->race->least_reads && forks >= r->race->least_forks) break;
    random = random * 1103515245u + 12345u;
    pid_t child = proc_fork();
    if (child < 0) break;
    if (child == 0) {
      // Children that live for different times are what races with the reads.
      usleep(random >> 16 & 0x3ff);
      _exit(0);
    }
    ++*tail;
    if (proc_reap(child, child_limit_ms) != 0) break;
    ++forks;
  }
  return forks;
}

bool fork_race_run(const struct fork_race* race, struct fork_race_result* result) {
  struct running r = {.race = race};
  pthread_t thread;
  long long start = clock_ms();
  int failed = pthread_create(&thread, NULL, reader, &r);
  if (failed != 0) return ktap_fail("pthread_create: %s", strerror(failed));
  long forks =
      fork_until(&r, start + race->duration_ms, start + (long long)race->extra_factor * race->duration_ms);
  r.stop = true;
  pthread_join(thread, NULL);
  *result = (struct fork_race_result){.reads = r.reads, .lost = r.lost, .errors = r.errors, .forks = forks};
  return true;
}

void fork_race_judge(const struct fork_race* race, const struct fork_race_result* result, bool pins) {
  ktap_note("%ld reads lost of %ld during %ld forks", result->lost, result->reads, result->forks);
  KTAP_REQUIRE(result->errors == 0, "a direct read failed");
  KTAP_REQUIRE(result->reads >= race->least_reads && result->forks >= race->least_forks,
               "too few rounds to conclude anything");
  if (pins) {
    KTAP_REQUIRE(result->lost == 0, "%ld direct reads were lost to fork()", result->lost);
  } else if (result->lost > 0) {
    ktap_xfail("direct I/O takes plain references here: %ld of %ld reads were lost", result->lost,
               result->reads);
  } else {
    ktap_skip("direct I/O takes plain references here, but none of %ld reads happened to be lost",
              result->reads);
  }
}
