// SPDX-License-Identifier: GPL-2.0
// Direct I/O from many threads at once, each on its own part of the drive and its own memory, on every
// hardware queue: the data is right, and in the end everything is unpinned.
//
//   dio_load [rounds of each thread]
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { workers = 4, max_pages = 300, room_pages = 304, answer_ms = 20000, queue = 8 };

static int rounds = 40;

struct worker {
  pthread_t thread;
  int number, fd;
  enum buffer_kind kind;
  bool async;
  struct buffer buffer;
  long long pages;   // that were handed to the kernel
  int failed_round;  // 0: none
};

// Small numbers are as likely as large ones: most paths depend on the length.
static size_t some_pages(unsigned* random) {
  *random = *random * 1103515245u + 12345u;
  size_t most = (size_t)1 << (*random >> 16) % 9;
  return 1 + (*random >> 8) % (most < max_pages ? most : max_pages);
}

static off_t region(const struct worker* worker) {
  return drive_raw.offset + (off_t)worker->number * (off_t)(room_pages * page_bytes());
}

static bool write_and_read(struct worker* worker, size_t pages, size_t offset, unsigned seed) {
  unsigned char* at = worker->buffer.addr + offset;
  size_t length = pages * page_bytes();
  worker->pages += 2 * (long long)pages_spanned(at, length);
  pattern_fill(at, length, seed, 0);
  if (pwrite(worker->fd, at, length, region(worker)) != (ssize_t)length) return false;
  memset(at, 0, length);
  return pread(worker->fd, at, length, region(worker)) == (ssize_t)length &&
         pattern_check(at, length, seed, 0) < 0;
}

// The region in `queue` pieces, read back all at once.
static bool write_and_read_queued(struct worker* worker, size_t pages, unsigned seed) {
  struct aio aio;
  size_t piece = (pages + queue - 1) / queue * page_bytes(), length = piece * queue;
  bool good = length <= worker->buffer.size && aio_open(&aio, queue);
  if (!good) return false;
  worker->pages += 2 * (long long)(length / page_bytes());
  pattern_fill(worker->buffer.addr, length, seed, 0);
  for (int write = 1; write >= 0; --write) {
    for (size_t i = 0; i < queue; ++i)
      good = aio_try_submit(&aio, write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, worker->fd,
                            worker->buffer.addr + i * piece, piece, region(worker) + (off_t)(i * piece),
                            1) == 0 &&
             good;
    for (unsigned tag = 1; aio.in_flight > 0 && tag != 0;) {
      long result = 0;
      tag = aio_reap(&aio, answer_ms, &result);
      good = good && result == (long)piece;
    }
    if (write) memset(worker->buffer.addr, 0, length);
  }
  aio_close(&aio);
  return good && pattern_check(worker->buffer.addr, length, seed, 0) < 0;
}

static void* work(void* arg) {
  struct worker* worker = arg;
  unsigned random = 17u * (unsigned)(worker->number + 1);
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(worker->number % (int)sysconf(_SC_NPROCESSORS_ONLN), &cpu);
  sched_setaffinity(0, sizeof(cpu), &cpu);
  for (int round = 1; round <= rounds && worker->failed_round == 0; ++round) {
    size_t pages = some_pages(&random);
    unsigned seed = (unsigned)(worker->number * 1000 + round);
    bool good = worker->async ? write_and_read_queued(worker, pages, seed)
                              : write_and_read(worker, pages, (random >> 20) % 4 * 512, seed);
    if (!good) worker->failed_round = round;
  }
  return NULL;
}

static void threads_at_once(const void* arg) {
  static struct worker all[workers];
  struct pins before;
  long long pages = 0;
  int started = 0;
  bool async = arg != NULL;
  if (drive_pages(1) < 0) return;
  for (int i = 0; i < workers; ++i) {
    all[i] = (struct worker){.number = i, .async = async, .kind = i % 2 ? BUFFER_THP : BUFFER_PAGES};
    all[i].fd = drive_raw.open(O_RDWR | O_DIRECT);
    if (all[i].fd < 0 || !buffer_get(&all[i].buffer, all[i].kind, room_pages * page_bytes())) return;
  }
  if (!pins_begin(&before)) return;
  while (started < workers && pthread_create(&all[started].thread, NULL, work, &all[started]) == 0) ++started;
  if (started < workers) ktap_fail("%d threads could be started", started);
  for (int i = 0; i < started; ++i) {
    pthread_join(all[i].thread, NULL);
    pages += all[i].pages;
    if (all[i].failed_round)
      ktap_fail("thread %d: wrong length or wrong data in round %d", i, all[i].failed_round);
  }
  // A page that is examined concurrently is taken twice and released once: at least.
  pins_expect_at_least(&before, drive_pages(pages), 0);
  for (int i = 0; i < workers; ++i) {
    close(all[i].fd);
    buffer_put(&all[i].buffer);
  }
}

int main(int argc, char** argv) {
  static const struct ktap_case cases[] = {
      {"4_threads", threads_at_once, NULL},
      {"4_threads_aio", threads_at_once, "aio"},
  };
  if (argc > 1) rounds = atoi(argv[1]);
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
