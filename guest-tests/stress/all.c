// SPDX-License-Identifier: GPL-2.0
// Everything at once: direct I/O, registered buffers, memory regions, pipes, forks, reclaim and migration in
// processes that are killed and started again, and a drive that is unplugged under its reader. In the end
// nothing is pinned.
//
//   PINRIG_STRESS_SECONDS how long (10) PINRIG_STRESS_SEED random seed (1); 0: another seed each time
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "drive.h"
#include "host.h"
#include "hotunplug.h"
#include "ktap.h"
#include "pins.h"
#include "regions.h"
#include "stress_steps.h"
#include "workers.h"

static const struct worker_job jobs[] = {
    {"transfer", stress_transfer, false}, {"transfer_too", stress_transfer, false},
    {"fixed", stress_fixed, false},       {"regions", stress_regions, false},
    {"pipe", stress_pipe, false},         {"fork", stress_fork, false},
    {"reclaim", stress_reclaim, false},   {"migrate", stress_migrate, false},
};
enum { worker_count = sizeof(jobs) / sizeof(jobs[0]), reader = worker_count, queue = 8 };

static struct workers workers;

static uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text ? strtoull(text, NULL, 0) : otherwise;
}

static void same_seed_same_choices(const void* arg) {
  (void)arg;
  // Of seed 1: the same on every machine and in every build.
  static const uint64_t known = 0x281b528f3ab2b43eu;
  uint64_t hash = choices_hash(1, 0, 1000);
  if (hash != known)
    ktap_fail("the choices of seed 1 hash to %#llx, not %#llx", (unsigned long long)hash,
              (unsigned long long)known);
  if (choices_hash(1, 0, 1000) != hash || choices_hash(2, 0, 1000) == hash ||
      choices_hash(1, 1, 1000) == hash)
    ktap_fail("choices are not a function of seed and worker");
}

// Reads from the drive that leaves, until it has left.
struct departure {
  uint64_t seed;
  int fd;
  struct buffer buffer;
  int data, errors, wrong, never;
  volatile bool over;
};

static void* read_until_gone(void* arg) {
  struct departure* it = arg;
  struct aio aio;
  int block[queue];
  if (!aio_open(&aio, queue)) return NULL;
  for (uint64_t step = 0; step < queue || aio.in_flight > 0; ++step) {
    long result = 0;
    unsigned tag = (unsigned)step + 1;
    if (step >= queue && (tag = aio_reap(&aio, hotunplug_answer_ms, &result)) == 0) break;
    unsigned char* at = it->buffer.addr + (size_t)(tag - 1) * hotunplug_bytes();
    if (step >= queue && result != 0) {
      enum hotunplug_end end = hotunplug_judge(block[tag - 1], at, result);
      it->data += end == HOTUNPLUG_DATA;
      it->errors += end == HOTUNPLUG_ERROR;
      it->wrong += end == HOTUNPLUG_WRONG;
    }
    // A drive that is gone has no size: reads end at once, without a byte.
    if (it->over || (step >= queue && result <= 0)) continue;
    struct draw draw = draw_for(it->seed, reader, step);
    block[tag - 1] = (int)draw_below(&draw, hotunplug_blocks);
    aio_try_submit(&aio, IOCB_CMD_PREAD, it->fd, at, hotunplug_bytes(), hotunplug_offset(block[tag - 1]),
                   tag);
  }
  it->never = aio.in_flight;
  aio_close(&aio);
  return NULL;
}

// Half of the time with the drive, half without it.
static void run_all(struct departure* departure, int duration_ms) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, read_until_gone, departure) != 0) {
    ktap_fail("no thread could be started");
    return;
  }
  workers_run(&workers, duration_ms / 2);
  bool gone = host_unplug(DRIVE_REMOVABLE, hotunplug_answer_ms);
  if (!gone) departure->over = true;
  workers_run(&workers, duration_ms - duration_ms / 2);
  pthread_join(thread, NULL);
  ktap_note("reads of the unplugged drive: %d with data, %d with an error", departure->data,
            departure->errors);
  if (departure->never > 0) ktap_fail("%d reads did not end", departure->never);
  if (departure->data == 0) ktap_fail("nothing was read from the drive before the unplug");
}

static void everything_at_once(const void* arg) {
  (void)arg;
  uint64_t seed = number_from("PINRIG_STRESS_SEED", 1), seconds = number_from("PINRIG_STRESS_SECONDS", 10),
           pinned = 0;
  struct departure departure = {.fd = -1};
  struct pins before;
  if (seed == 0 && getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) seed = 1;
  seed &= INT64_MAX;
  ktap_note("PINRIG_STRESS_SEED=%llu PINRIG_STRESS_SECONDS=%llu", (unsigned long long)seed,
            (unsigned long long)seconds);
  departure.seed = seed;
  if (drive_pages(1) < 0 || !hotunplug_open(&departure.fd)) return;
  if (!buffer_get(&departure.buffer, BUFFER_PAGES, queue * hotunplug_bytes()) || !pins_begin(&before)) return;
  if (workers_start(&workers, seed, jobs, worker_count)) run_all(&departure, (int)(seconds * 1000));
  workers_end(&workers);
  for (size_t i = 0; i < worker_count; ++i) pinned += workers.slots ? workers.slots[i].pinned : 0;
  // Rings and AIO contexts of those that were killed are taken down by the kernel's workers.
  pins_await_released(&before, (long long)pinned, 2000);
  pins_expect_at_least(&before, (long long)pinned, 0);
  close(departure.fd);
}

static void worker(const void* arg) {
  const struct worker_job* job = arg;
  KTAP_REQUIRE(workers.slots, "nothing was started");
  workers_judge(&workers, (size_t)(job - jobs));
}

int main(void) {
  static struct ktap_case cases[2 + worker_count] = {
      {"same_seed_same_choices", same_seed_same_choices, NULL},
      {"everything_at_once", everything_at_once, NULL},
  };
  for (size_t i = 0; i < worker_count; ++i) cases[2 + i] = (struct ktap_case){jobs[i].name, worker, &jobs[i]};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
