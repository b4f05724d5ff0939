// SPDX-License-Identifier: GPL-2.0
// Many direct reads into neighbouring parts of the same pages, from several threads, while the main thread
// forks all the time: each thread reads its part of a file of known bytes, which begins in the middle of a
// page that others read into, too. The pattern that once lost data on every file system (dma_thread_diotest).
//
//   dio_threads [milliseconds of each case]
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
  readers = 4,
  sector = 512,
  part = 3 * sector,
  fresh = 0x77,
  least_rounds = 8,
  extra_factor = 8,
  child_limit_ms = 10000
};
static int duration_ms = 700;

struct work {
  const struct place* place;
  unsigned char* at;
  atomic_long done, lost, errors;
  atomic_bool* stop;
};

static void* reader(void* arg) {
  struct work* work = arg;
  for (; !*work->stop && work->errors == 0; ++work->done) {
    memset(work->at, 0, part);
    if (pread(work->place->fd, work->at, part, 0) != part) ++work->errors;
    bool good = true;
    for (int i = 0; i < part && good; ++i) good = work->at[i] == fresh;
    if (!good) ++work->lost;
  }
  return NULL;
}

static long fork_until(const struct work* works) {
  long long start = clock_ms();
  for (long forks = 0;; ++forks) {
    long long now = clock_ms() - start;
    if (now >= extra_factor * duration_ms) return forks;
    long least = works[0].done;
    for (int i = 1; i < readers; ++i) least = works[i].done < least ? works[i].done : least;
    if (now >= duration_ms && forks >= least_rounds && least >= least_rounds) return forks;
    pid_t child = proc_fork();
    if (child < 0) return forks;
    if (child == 0) _exit(0);
    if (proc_reap(child, child_limit_ms) != 0) return forks;
  }
}

static void judge(const struct place* place, const struct work* works, long forks, struct pins* before) {
  long done = 0, lost = 0;
  long long pages = 0;
  for (int i = 0; i < readers; ++i) {
    done += works[i].done;
    lost += works[i].lost;
    pages += works[i].done * (long long)pages_spanned(works[i].at, part);
    if (works[i].errors) ktap_fail("reader %d could not read", i);
    if (works[i].done < least_rounds)
      ktap_fail("reader %d read %ld times: too few to conclude anything", i, works[i].done);
  }
  ktap_note("%ld reads lost of %ld during %ld forks", lost, done, forks);
  // A section of legacy direct I/O ends at a page, so that each page is one.
  pins_expect_at_least(before, place->mode == MODE_PIN ? pages : 0, -place_skew(place, pages));
  if (lost && place->mode == MODE_PIN) ktap_fail("%ld direct reads were lost to fork()", lost);
  if (lost && place->mode != MODE_PIN)
    ktap_xfail("this kind of direct I/O takes plain references here: %ld of %ld reads were lost", lost, done);
}

static void parts_of_pages(const void* arg) {
  const enum place_kind* kind = arg;
  struct place place;
  struct buffer buffer;
  struct pins before;
  pthread_t threads[readers];
  struct work works[readers];
  atomic_bool stop = false;
  if (place_open(&place, *kind, false, fresh) && buffer_get(&buffer, BUFFER_PAGES, readers * part + sector)) {
    if (pins_begin(&before)) {
      int running = 0;
      for (int i = 0; i < readers; ++i) {
        works[i] = (struct work){.place = &place, .at = buffer.addr + sector + i * part, .stop = &stop};
        if (pthread_create(&threads[i], NULL, reader, &works[i]) != 0) break;
        ++running;
      }
      long forks = running == readers ? fork_until(works) : 0;
      stop = true;
      for (int i = 0; i < running; ++i) pthread_join(threads[i], NULL);
      if (running < readers)
        ktap_fail("only %d threads could be started", running);
      else
        judge(&place, works, forks, &before);
    }
    buffer_put(&buffer);
  }
  place_close(&place);
}

int main(int argc, char** argv) {
  static const enum place_kind bdev = PLACE_BDEV, ext4 = PLACE_EXT4, vfat = PLACE_VFAT;
  static const struct ktap_case cases[] = {
      {"bdev", parts_of_pages, &bdev},
      {"ext4", parts_of_pages, &ext4},
      {"vfat", parts_of_pages, &vfat},
  };
  if (argc > 1) duration_ms = atoi(argv[1]);
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
