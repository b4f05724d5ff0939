// SPDX-License-Identifier: GPL-2.0
// Cgroup charges of long-term pins: memory that was unmapped while pinned stays charged to its group until it
// is unpinned, RDMA objects are counted one by one, and in the end all of it is uncharged: all objects, and
// the memory except for a few pages of slabs. A child runs in the group; the test observes from outside.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "contract/obligations.h"
#include "mr.h"
#include "patience.h"
#include "proc.h"
#include "uring.h"

// What kernel objects leave in slabs that others use too: two pages were the most that 24 rounds, or a dead
// process, left. To look at what is charged takes longer than to pin: some of the rounds are enough for that.
enum {
  pages = 256,
  rounds = 24,
  measured_rounds = 4,
  slab_pages = 12,
  answer_ms = 20000,
  settle_ms = 3000,
  remnant_pages = 4
};

enum { USE_REGION, USE_RING };

struct worker {
  int use;
  pid_t pid;
  struct rendezvous orders, answers;
  struct cgroup group;
};

static bool on_one_processor(void) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  return sched_setaffinity(0, sizeof(first), &first) == 0;
}

// In the child: 'h' holds fresh memory by a pin and unmaps it, 'd' drops it, 'q' ends.
static int obey(struct worker* worker) {
  struct link link = {0};
  struct ibv_mr* region = NULL;
  int ring = -1;
  unsigned char order = 0;
  const size_t size = pages * page_bytes();
  if (!cgroup_enter(&worker->group)) return 1;
  // Every CPU has slabs of its own.
  if (!on_one_processor()) return 7;
  if (worker->use == USE_REGION ? !link_open(&link) : (ring = uring_open()) < 0) return 2;
  while (rendezvous_send(&worker->answers, 1) && rendezvous_wait(&worker->orders, &order, answer_ms) &&
         order != 'q') {
    if (order == 'h') {
      unsigned char* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (at == MAP_FAILED || madvise(at, size, MADV_NOHUGEPAGE) < 0) return 3;
      pattern_fill(at, size, 1, 0);
      if (worker->use == USE_REGION) region = ibv_reg_mr(link.domain, at, size, IBV_ACCESS_LOCAL_WRITE);
      if (worker->use == USE_REGION ? !region : uring_register(ring, at, size) != 0) return 4;
      munmap(at, size);
    } else if (worker->use == USE_REGION ? ibv_dereg_mr(region) : uring_unregister(ring)) {
      return 5;
    }
  }
  link_close(&link);
  return order == 'q' ? 0 : 6;
}

static bool tell(struct worker* worker, unsigned char order) {
  unsigned char done;
  if (rendezvous_send(&worker->orders, order) && rendezvous_wait(&worker->answers, &done, answer_ms))
    return true;
  return ktap_fail("the process in the group does not answer '%c'", order);
}

static bool start(struct worker* worker, int use) {
  unsigned char ready;
  *worker = (struct worker){.use = use};
  struct link link = {0};
  bool device = use != USE_REGION || link_open(&link);
  link_close(&link);
  if (!cgroup_open(&worker->group, "pinned", "memory rdma") || !device) return false;
  if (!rendezvous_open(&worker->orders) || !rendezvous_open(&worker->answers)) return false;
  worker->pid = proc_fork();
  if (worker->pid == 0) _exit(obey(worker));
  return worker->pid > 0 &&
         (rendezvous_wait(&worker->answers, &ready, answer_ms) || ktap_fail("no process in the group"));
}

static void end(struct worker* worker) {
  if (worker->pid > 0) {
    rendezvous_send(&worker->orders, 'q');
    int code = proc_reap(worker->pid, answer_ms);
    if (code > 0) ktap_fail("the process in the group ended with %d", code);
  }
  rendezvous_close(&worker->orders);
  rendezvous_close(&worker->answers);
  cgroup_close(&worker->group);
}

// A page that is new on its way to the LRU lists is charged as long as the batch of its CPU refers to it; on
// 7.3 munmap() and exit do not empty the batches first.
static long long group_memory(const struct worker* worker) {
  contract_drop_caches();
  return cgroup_memory(&worker->group);
}

// Frees come late (RCU, work queues): the amount has to be at least `least` and at most `most` within a
// while.
static void memory_is(const struct worker* worker, long long least, long long most, const char* when) {
  long long limit = clock_ms() + patience_scaled(settle_ms), now;
  while ((now = group_memory(worker)) >= 0 && (now < least || now > most) && clock_ms() < limit) sleep_ms(5);
  ktap_note("%lld bytes charged %s", now, when);
  if (now < least || now > most)
    ktap_fail("%lld bytes are charged %s, want %lld..%lld", now, when, least, most);
}

static void objects_are(const struct worker* worker, long long want, const char* when) {
  long long now = cgroup_rdma(&worker->group, "rxe", "hca_object");
  if (now != want) ktap_fail("%lld RDMA objects are charged %s, want %lld", now, when, want);
}

static void held_is_charged(struct worker* worker, struct pins* before) {
  if (!tell(worker, 'h')) return;
  pins_expect_longterm(before, pages);
  long long held = group_memory(worker);
  if (!tell(worker, 'd')) return;
  pins_expect(before, 0, pages);
  held -= group_memory(worker);
  if (held < (pages - slab_pages) * (long long)page_bytes())
    ktap_fail("with %d pages pinned, only %lld more bytes are charged", pages, held);
}

static void memory(const void* arg) {
  struct worker worker;
  struct pins before;
  if (start(&worker, *(const int*)arg) && tell(&worker, 'h') && tell(&worker, 'd') && pins_begin(&before)) {
    // The round before made slabs that stay, and leaves objects that RCU frees some seconds later: a few
    // pages more or less. A page in every fifth round would be more.
    long long idle = group_memory(&worker);
    for (int i = 0; i < rounds && !ktap_failed(); ++i) {
      if (i < measured_rounds)
        held_is_charged(&worker, &before);
      else if (!tell(&worker, 'h') || !tell(&worker, 'd'))
        break;
    }
    pins_expect_at_least(&before, (rounds - measured_rounds) * pages, 0);
    ktap_note("%lld bytes charged before", idle);
    memory_is(&worker, 0, idle + remnant_pages * (long long)page_bytes(), "after all rounds");
  }
  end(&worker);
}

static void objects(const void* arg) {
  (void)arg;
  struct worker worker;
  struct pins before;
  if (pins_begin(&before) && start(&worker, USE_REGION)) {
    long long idle = cgroup_rdma(&worker.group, "rxe", "hca_object");
    ktap_note("%lld objects of its own", idle);
    // Its protection domain at least.
    if (idle < 1) ktap_fail("RDMA objects are not charged");
    for (int i = 0; i < rounds && tell(&worker, 'h'); ++i) {
      objects_are(&worker, idle + 1, "with a region");
      if (!tell(&worker, 'd')) break;
      objects_are(&worker, idle, "without");
    }
    pins_expect_at_least(&before, rounds * pages, 0);
  }
  end(&worker);
}

static void killed(const void* arg) {
  struct worker worker;
  struct pins before;
  if (pins_begin(&before) && start(&worker, *(const int*)arg) && tell(&worker, 'h')) {
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
    worker.pid = 0;
    pins_expect_at_least(&before, pages, 0);
    objects_are(&worker, 0, "after the process was killed");
    if (cgroup_rdma(&worker.group, "rxe", "hca_handle") != 0) ktap_fail("an RDMA handle is still charged");
    memory_is(&worker, 0, remnant_pages * (long long)page_bytes(), "after the process was killed");
  }
  end(&worker);
}

int main(void) {
  static const int region = USE_REGION, ring = USE_RING;
  static const struct ktap_case cases[] = {
      {"region_memory", memory, &region},    {"registered_buffer_memory", memory, &ring},
      {"region_objects", objects, NULL},     {"killed_with_region", killed, &region},
      {"killed_with_buffer", killed, &ring},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
