// SPDX-License-Identifier: GPL-2.0
// fork() against direct reads as a race, for some seconds: a thread reads the drive into one page over and over,
// while the main thread forks and writes to the end of that page. No read may be lost on a kernel that pins.
//
//   dio_fork_race [seconds]
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "clock.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum {
  sector = 512,
  fresh = 0xff,
  // Too few to mean anything below these; an emulated guest on a busy host does thousands in 3 s.
  least_reads = 200,
  least_forks = 20,
  extra_factor = 5,  // goes on for this many times the time asked for until it has them
  child_limit_ms = 10000,
};

static int seconds = 3;
static const off_t drive_offset = 4 << 20;

struct race {
  int fd;
  struct buffer page;
  atomic_bool stop;
  atomic_long reads, lost, errors;
};

static void* reader(void* arg) {
  struct race* race = arg;
  unsigned char* data = race->page.addr;
  while (!race->stop) {
    memset(data, 0, sector);
    if (pread(race->fd, data, sector, drive_offset) != sector) {
      ++race->errors;
      break;
    }
    bool good = true;
    for (int i = 0; i < sector && good; ++i) good = data[i] == fresh;
    if (!good) ++race->lost;
    ++race->reads;
  }
  return NULL;
}

static long fork_until(struct race* race, long long end, long long last) {
  long forks = 0;
  volatile unsigned char* tail = race->page.addr + page_bytes() - 1;
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

static void judge(const struct race* race, long forks) {
  ktap_note("%ld reads lost of %ld beside %ld forks", race->lost, race->reads, forks);
  KTAP_REQUIRE(race->errors == 0, "a direct read failed");
  KTAP_REQUIRE(race->reads >= least_reads && forks >= least_forks, "too few rounds to say anything");
  if (caps_dio_bdev() == MODE_PIN) {
    KTAP_REQUIRE(race->lost == 0, "%ld direct reads were lost to fork()", race->lost);
  } else if (race->lost > 0) {
    ktap_xfail("direct I/O takes plain references here: %ld of %ld reads were lost", race->lost, race->reads);
  } else {
    ktap_skip("direct I/O takes plain references here, but none of %ld reads happened to be lost", race->reads);
  }
}

static bool prepare_drive(void) {
  unsigned char block[sector];
  int fd = device_open(DRIVE_RAW, 1, O_RDWR);
  if (fd < 0) return false;
  memset(block, fresh, sector);
  bool good = pwrite(fd, block, sector, drive_offset) == sector || ktap_fail("preparing the drive: %s", strerror(errno));
  good = good && device_drop_cache(fd);
  close(fd);
  return good;
}

static void reads_survive_forks(const void* arg) {
  (void)arg;
  static struct race race;
  struct pins before;
  pthread_t thread;
  if (caps_dio_bdev() == MODE_UNKNOWN || !prepare_drive()) return;
  race.fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (race.fd < 0) return;
  if (buffer_get(&race.page, BUFFER_PAGES, page_bytes())) {
    if (pins_begin(&before)) {
      long long start = clock_ms();
      int failed = pthread_create(&thread, NULL, reader, &race);
      KTAP_REQUIRE(failed == 0, "pthread_create: %s", strerror(failed));
      long forks = fork_until(&race, start + seconds * 1000LL, start + extra_factor * seconds * 1000LL);
      race.stop = true;
      pthread_join(thread, NULL);
      // A fork between the two halves of a pin makes GUP take the page again: at least.
      pins_expect_at_least(&before, caps_dio_bdev() == MODE_PIN ? race.reads : 0, 0);
      judge(&race, forks);
    }
    buffer_put(&race.page);
  }
  close(race.fd);
}

int main(int argc, char** argv) {
  static const struct ktap_case cases[] = {{"reads_survive_forks", reads_survive_forks, NULL}};
  if (argc > 1) seconds = atoi(argv[1]);
  return ktap_run(cases, 1);
}
