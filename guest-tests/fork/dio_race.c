// SPDX-License-Identifier: GPL-2.0
// fork() against direct reads as a race, on every kind of target: a thread reads into one page over and over,
// while the main thread forks and writes to the end of that page. No read may be lost where the target pins.
// bio/dio_fork_race does the same for longer on the raw drive.
//
//   dio_race [milliseconds of each case]
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "ktap.h"
#include "pins.h"
#include "place.h"
#include "proc.h"

enum {
  sector = 512,
  fresh = 0xff,
  least_reads = 50,
  least_forks = 8,
  extra_factor = 8,
  child_limit_ms = 10000
};

struct race_case {
  enum place_kind place;
  enum buffer_kind kind;
};

struct race {
  int fd;
  unsigned char* page;
  atomic_bool stop;
  atomic_long reads, lost, errors;
};

static int duration_ms = 1500;

static void* reader(void* arg) {
  struct race* race = arg;
  while (!race->stop) {
    memset(race->page, 0, sector);
    if (pread(race->fd, race->page, sector, 0) != sector) {
      ++race->errors;
      break;
    }
    bool good = true;
    for (int i = 0; i < sector && good; ++i) good = race->page[i] == fresh;
    if (!good) ++race->lost;
    ++race->reads;
  }
  return NULL;
}

static long fork_until(struct race* race, long long end, long long last) {
  long forks = 0;
  volatile unsigned char* tail = race->page + page_bytes() - 1;
  unsigned random = 1;
  for (;;) {
    long long now = clock_ms();
    if (now >= last || race->errors > 0) break;
    if (now >= end && race->reads >= least_reads && forks >= least_forks) break;
    random = random * 1103515245u + 12345u;
    pid_t child = proc_fork();
    if (child < 0) break;
    if (child == 0) {
      usleep(random >> 16 & 0x3ff);
      _exit(0);
    }
    ++*tail;
    if (proc_reap(child, child_limit_ms) != 0) break;
    ++forks;
  }
  return forks;
}

static void judge(const struct race* race, enum pin_mode mode, long forks) {
  ktap_note("%ld reads lost of %ld beside %ld forks", race->lost, race->reads, forks);
  KTAP_REQUIRE(race->errors == 0, "a direct read failed");
  KTAP_REQUIRE(race->reads >= least_reads && forks >= least_forks, "too few rounds to say anything");
  if (mode == MODE_PIN) {
    KTAP_REQUIRE(race->lost == 0, "%ld direct reads were lost to fork()", race->lost);
  } else if (race->lost > 0) {
    ktap_xfail("this kind of direct I/O takes plain references here: %ld of %ld reads were lost", race->lost,
               race->reads);
  } else {
    ktap_note("plain references here, and none of the reads happened to be lost");
  }
}

static void reads_survive_forks(const void* arg) {
  const struct race_case* c = arg;
  struct place place;
  struct buffer page;
  struct pins before;
  pthread_t thread;
  if (place_open(&place, c->place, false, fresh) && buffer_get(&page, c->kind, page_bytes())) {
    struct race race = {.fd = place.fd, .page = page.addr};
    if (pins_begin(&before)) {
      long long start = clock_ms();
      int failed = pthread_create(&thread, NULL, reader, &race);
      KTAP_REQUIRE(failed == 0, "pthread_create: %s", strerror(failed));
      long forks = fork_until(&race, start + duration_ms, start + extra_factor * duration_ms);
      race.stop = true;
      pthread_join(thread, NULL);
      // A fork between the two halves of a pin makes GUP take the page again: at least.
      pins_expect_at_least(&before, place.mode == MODE_PIN ? race.reads : 0, -place_skew(&place, race.reads));
      judge(&race, place.mode, forks);
    }
    buffer_put(&page);
  }
  place_close(&place);
}

int main(int argc, char** argv) {
  static const struct race_case ext4 = {PLACE_EXT4, BUFFER_PAGES}, vfat = {PLACE_VFAT, BUFFER_PAGES};
  static const struct race_case p9 = {PLACE_9P, BUFFER_PAGES}, thp = {PLACE_BDEV, BUFFER_THP};
  static const struct ktap_case cases[] = {
      {"ext4", reads_survive_forks, &ext4},
      {"vfat", reads_survive_forks, &vfat},
      {"9p", reads_survive_forks, &p9},
      {"bdev_thp", reads_survive_forks, &thp},
  };
  if (argc > 1) duration_ms = atoi(argv[1]);
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
