// SPDX-License-Identifier: GPL-2.0
#include "workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"
#include "proc.h"

enum { killer = 1000, shortest_ms = 40, longest_ms = 400, finish_ms = 20000 };

static _Noreturn void work(struct workers* workers, size_t number) {
  struct worker_slot* slot = &workers->slots[number];
  const struct worker_job* job = workers->jobs[number];
  bool good = job->step(NULL, (unsigned)number, slot);
  while (good && !*workers->stop) {
    struct draw draw = draw_for(workers->seed, (unsigned)number, slot->begun);
    slot->last = draw.state;
    ++slot->begun;
    good = job->step(&draw, (unsigned)number, slot) && !ktap_failed();
    if (good) ++slot->done;
  }
  fflush(stdout);
  _exit(good ? 0 : 1);
}

static bool start(struct workers* workers, size_t number) {
  workers->pid[number] = proc_fork();
  if (workers->pid[number] == 0) work(workers, number);
  return workers->pid[number] > 0;
}

bool workers_start(struct workers* workers, uint64_t seed, const struct worker_job* jobs, size_t count) {
  size_t size = sizeof(struct worker_slot) * max_workers + sizeof(int);
  *workers = (struct workers){.seed = seed, .count = count};
  void* shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  workers->slots = shared;
  workers->stop = (volatile int*)(workers->slots + max_workers);
  for (size_t i = 0; i < count; ++i) {
    workers->jobs[i] = &jobs[i];
    ktap_note("worker %zu: %s, choices %016llx", i, jobs[i].name,
              (unsigned long long)choices_hash(seed, (unsigned)i, 1000));
    if (!start(workers, i)) return false;
  }
  return true;
}

// True when one of them has ended by itself within `limit_ms`: none is meant to.
static bool somebody_ends(struct workers* workers, int limit_ms) {
  struct pollfd ends[max_workers];
  for (size_t i = 0; i < workers->count; ++i)
    ends[i] = (struct pollfd){(int)syscall(SYS_pidfd_open, workers->pid[i], 0), POLLIN, 0};
  int ended = poll(ends, workers->count, patience_scaled(limit_ms));
  for (size_t i = 0; i < workers->count; ++i)
    if (ends[i].fd >= 0) close(ends[i].fd);
  return ended > 0;
}

void workers_run(struct workers* workers, int duration_ms) {
  long long end = clock_ms() + duration_ms;
  for (uint64_t kill_number = 0; clock_ms() < end; ++kill_number) {
    struct draw draw = draw_for(workers->seed, killer, kill_number);
    size_t victim = draw_below(&draw, (unsigned)workers->count);
    long long pause = shortest_ms + draw_below(&draw, longest_ms - shortest_ms), left = end - clock_ms();
    if (somebody_ends(workers, (int)(pause < left ? pause : left))) return;
    if (workers->jobs[victim]->spare) continue;
    kill(workers->pid[victim], SIGKILL);
    while (waitpid(workers->pid[victim], NULL, 0) < 0 && errno == EINTR) {
    }
    ++workers->slots[victim].kills;
    if (!start(workers, victim)) return;
  }
}

void workers_end(struct workers* workers) {
  *workers->stop = 1;
  for (size_t i = 0; i < workers->count; ++i)
    if (workers->pid[i] > 0) workers->failed[i] = proc_reap(workers->pid[i], finish_ms) != 0;
}

bool workers_judge(const struct workers* workers, size_t number) {
  const struct worker_slot* slot = &workers->slots[number];
  ktap_note("%s: %llu steps begun, %llu done, killed %u times, at least %llu pages pinned",
            workers->jobs[number]->name, (unsigned long long)slot->begun, (unsigned long long)slot->done,
            slot->kills, (unsigned long long)slot->pinned);
  if (workers->failed[number]) return ktap_fail("worker %zu failed: see above", number);
  if (slot->done == 0) return ktap_fail("worker %zu did nothing", number);
  if (slot->last != draw_for(workers->seed, (unsigned)number, slot->begun - 1).state)
    return ktap_fail("worker %zu deviated from the choices of the seed", number);
  return true;
}
