// SPDX-License-Identifier: GPL-2.0
#include "crew.h"

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
#include "proc.h"

enum { killer = 1000, shortest_ms = 40, longest_ms = 400, finish_ms = 20000 };

static _Noreturn void work(struct crew* crew, size_t number) {
  struct crew_slot* slot = &crew->slots[number];
  const struct crew_job* job = crew->jobs[number];
  bool good = job->step(NULL, (unsigned)number, slot);
  while (good && !*crew->stop) {
    struct draw draw = draw_for(crew->seed, (unsigned)number, slot->begun);
    slot->last = draw.state;
    ++slot->begun;
    good = job->step(&draw, (unsigned)number, slot) && !ktap_failed();
    if (good) ++slot->done;
  }
  fflush(stdout);
  _exit(good ? 0 : 1);
}

static bool start(struct crew* crew, size_t number) {
  crew->pid[number] = proc_fork();
  if (crew->pid[number] == 0) work(crew, number);
  return crew->pid[number] > 0;
}

bool crew_start(struct crew* crew, uint64_t seed, const struct crew_job* jobs, size_t count) {
  size_t size = sizeof(struct crew_slot) * crew_most + sizeof(int);
  *crew = (struct crew){.seed = seed, .count = count};
  void* shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  crew->slots = shared;
  crew->stop = (volatile int*)(crew->slots + crew_most);
  for (size_t i = 0; i < count; ++i) {
    crew->jobs[i] = &jobs[i];
    ktap_note("worker %zu: %s, choices %016llx", i, jobs[i].name,
              (unsigned long long)choices_hash(seed, (unsigned)i, 1000));
    if (!start(crew, i)) return false;
  }
  return true;
}

// True when one of them has ended by itself within `limit_ms`: none is meant to.
static bool somebody_ends(struct crew* crew, int limit_ms) {
  struct pollfd ends[crew_most];
  for (size_t i = 0; i < crew->count; ++i)
    ends[i] = (struct pollfd){(int)syscall(SYS_pidfd_open, crew->pid[i], 0), POLLIN, 0};
  int ended = poll(ends, crew->count, limit_ms);
  for (size_t i = 0; i < crew->count; ++i)
    if (ends[i].fd >= 0) close(ends[i].fd);
  return ended > 0;
}

void crew_run(struct crew* crew, int duration_ms) {
  long long end = clock_ms() + duration_ms;
  for (uint64_t kill_number = 0; clock_ms() < end; ++kill_number) {
    struct draw draw = draw_for(crew->seed, killer, kill_number);
    size_t victim = draw_below(&draw, (unsigned)crew->count);
    long long pause = shortest_ms + draw_below(&draw, longest_ms - shortest_ms), left = end - clock_ms();
    if (somebody_ends(crew, (int)(pause < left ? pause : left))) return;
    if (crew->jobs[victim]->spare) continue;
    kill(crew->pid[victim], SIGKILL);
    while (waitpid(crew->pid[victim], NULL, 0) < 0 && errno == EINTR) {
    }
    ++crew->slots[victim].kills;
    if (!start(crew, victim)) return;
  }
}

void crew_end(struct crew* crew) {
  *crew->stop = 1;
  for (size_t i = 0; i < crew->count; ++i)
    if (crew->pid[i] > 0) crew->failed[i] = proc_reap(crew->pid[i], finish_ms) != 0;
}

bool crew_judge(const struct crew* crew, size_t number) {
  const struct crew_slot* slot = &crew->slots[number];
  ktap_note("%s: %llu steps begun, %llu done, killed %u times, at least %llu pages pinned",
            crew->jobs[number]->name, (unsigned long long)slot->begun, (unsigned long long)slot->done,
            slot->kills, (unsigned long long)slot->pinned);
  if (crew->failed[number]) return ktap_fail("worker %zu failed: see above", number);
  if (slot->done == 0) return ktap_fail("worker %zu did nothing", number);
  if (slot->last != draw_for(crew->seed, (unsigned)number, slot->begun - 1).state)
    return ktap_fail("worker %zu made other choices than the seed's", number);
  return true;
}
