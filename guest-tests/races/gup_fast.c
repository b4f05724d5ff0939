// SPDX-License-Identifier: GPL-2.0
// Fast GUP looks at the page table without a lock, takes a reference, and then looks again (mm/gup.c,
// gup_fast()). Here it is held between lookup and reference while the other side changes what it has seen.
// The reference has to be dropped, and the slow path has to pin the page that is mapped in the end.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "held_cpu.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"

enum { seed = 110, new_seed = 111, foreign_seed = 112, step_ms = 10000, end_ms = 60000, spare_pages = 64 };

// Between lookup and reference, and where fast GUP goes on: it takes the lock, or it has pinned.
static const char lookup[] = "try_grab_folio_fast", retry[] = "__gup_longterm_locked", success[] = "kvfree";

// The process that pins and changes, on CPUs 1 and 2. Its main thread changes.
struct victim {
  struct buffer buffer;
  struct hold hold;
  unsigned char* spare;  // pages of another mapping, which may get a frame that is free now
  struct rendezvous pin, change, ready;
  int pinned;  // of hold_pin()
};

struct race {
  enum buffer_kind kind;
  bool whole;  // pins all of it, else one page
  // Where the other side is in the middle of its change, or behind it.
  const char* const* places;
  size_t place_count;
  bool (*change)(struct victim* v);
};

// The page that is pinned, or the first of all. Not the first of a huge page.
static unsigned char* target(const struct victim* v, const struct race* race) {
  return v->buffer.addr + (race->kind == BUFFER_THP && !race->whole ? 5 * page_bytes() : 0);
}

static void* pin(void* arg) {
  struct victim* v = arg;
  unsigned char go;
  v->pinned = -ECANCELED;
  if (held_cpu_move_to(held_cpu_one) && rendezvous_wait(&v->pin, &go, end_ms)) v->pinned = hold_pin(&v->hold);
  return NULL;
}

// The child has what was there at the time of fork(), and what is written through the pin later is not for
// it.
static bool fork_it(struct victim* v) {
  pid_t child = proc_fork();
  if (child != 0) return child > 0 && proc_reap(child, end_ms) == 0;
  _exit(pattern_check(v->buffer.addr, v->buffer.size, seed, 0) >= 0 ? 1 : 0);
}

// Frees the memory and has another mapping take the first frame of it. Where a TLB flush waits for the CPU
// that is held, this gets no further than that.
static bool unmap(struct victim* v) {
  uint64_t frame = pagemap_pfn(v->buffer.addr);
  if (madvise(v->buffer.addr, v->buffer.size, MADV_DONTNEED) < 0)
    return ktap_fail("madvise: %s", strerror(errno));
  size_t step = v->buffer.size, taken = 0;
  bool reused = false;
  for (; taken < spare_pages && taken * step < spare_pages * page_bytes() && !reused; ++taken) {
    pattern_fill(v->spare + taken * step, step, foreign_seed, 0);
    reused = pagemap_pfn(v->spare + taken * step) == frame;
  }
  ktap_note("the frame %s in use again", reused ? "is" : "is not");
  return true;
}

static bool split(struct victim* v) {
  static const char path[] = "/sys/kernel/debug/split_huge_pages";
  char line[80];
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ktap_skip("%s: %s", path, strerror(errno));
  int length = snprintf(line, sizeof(line), "%d,%p,%p", (int)getpid(), (void*)v->buffer.addr,
                        (void*)(v->buffer.addr + v->buffer.size));
  bool good = write(fd, line, (size_t)length) == length;
  close(fd);
  return good || ktap_fail("%s: %s", path, strerror(errno));
}

// The pin has to be of what is mapped now, wherever that is.
static void judge(struct victim* v) {
  if (v->pinned != 0) {
    ktap_fail("pinning: %s", strerror(-v->pinned));
    return;
  }
  if (!hold_measure(&v->hold)) return;
  pattern_fill(v->hold.addr, v->hold.length, new_seed, 0);
  hold_check(&v->hold, 0, v->hold.length, new_seed, "after the process wrote");
}

static void be_victim(struct victim* v, const struct race* race) {
  pthread_t thread;
  unsigned char go;
  size_t length = race->whole ? thp_bytes() : page_bytes();
  // Nothing is left to be copied on write: the TLB flush of that would wait for the held CPU.
  if (mlockall(MCL_CURRENT) < 0 || munlockall() < 0) ktap_note("mlockall: %s", strerror(errno));
  v->spare =
      mmap(NULL, spare_pages * page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (v->spare == MAP_FAILED || !held_cpu_move_to(held_cpu_two) ||
      !buffer_get(&v->buffer, race->kind, length) ||
      madvise(v->spare, spare_pages * page_bytes(), MADV_NOHUGEPAGE) < 0)
    return;
  pattern_fill(v->buffer.addr, v->buffer.size, seed, 0);
  if (hold_prepare(&v->hold, target(v, race), length) && pthread_create(&thread, NULL, pin, v) == 0) {
    if (rendezvous_send(&v->ready, 1) && rendezvous_wait(&v->change, &go, end_ms) && race->change(v)) {
      unshare(0);  // a place to be held behind the change
    }
    pthread_join(thread, NULL);
    if (v->pinned != -ECANCELED && !ktap_failed()) judge(v);
  }
  hold_close(&v->hold);
  buffer_put(&v->buffer);
}

// The race itself. False: it did not come to it, and the running case has failed or been skipped.
static bool collide(struct victim* v, const struct race* race) {
  static const char* const ends[] = {retry, success};
  unsigned char ready;
  if (!rendezvous_wait(&v->ready, &ready, end_ms)) return ktap_fail("nothing was prepared");
  if (!held_cpu_arm(lookup, held_cpu_one) || !rendezvous_send(&v->pin, 1) || !held_cpu_wait(lookup, step_ms))
    return false;
  for (size_t i = 0; i < race->place_count; ++i) {
    if (!held_cpu_arm(race->places[i], held_cpu_two)) return false;
  }
  if (!rendezvous_send(&v->change, 1) || !held_cpu_wait_any(race->places, race->place_count, step_ms))
    return false;
  if (!held_cpu_arm(retry, held_cpu_one) || !held_cpu_arm(success, held_cpu_one) || !held_cpu_release(lookup))
    return false;
  const char* end = held_cpu_wait_any(ends, 2, step_ms);
  if (end == success) ktap_fail("fast GUP kept its reference, although the page table had changed");
  return end != NULL;
}

static void run(const void* arg) {
  const struct race* race = arg;
  struct victim v = {.hold = {.device = -1, .ring = {.fd = -1}}};
  if (race->kind == BUFFER_THP && !thp_usable()) return;
  if (!held_cpu_begin() || !rendezvous_open(&v.pin) || !rendezvous_open(&v.change) ||
      !rendezvous_open(&v.ready))
    return;
  pid_t child = proc_fork();
  if (child == 0) {
    // The other ends are the parent's: when it gives up they close, and nobody waits any longer.
    close(v.pin.write_fd);
    close(v.change.write_fd);
    be_victim(&v, race);
    fflush(NULL);
    _exit(ktap_failed() ? 1 : 0);
  }
  close(v.ready.write_fd);
  if (child > 0) {
    collide(&v, race);
    held_cpu_end();
    rendezvous_close(&v.pin);
    rendezvous_close(&v.change);
    if (proc_reap(child, end_ms) != 0) ktap_fail("the process that raced failed");
  }
  close(v.ready.read_fd);
}

int main(int argc, char** argv) {
  // fork() has found the huge page unpinned, and is about to write-protect it.
  static const char* const in_fork[] = {"pgtable_trans_huge_deposit"};
  // Behind the change, or where it waits for the CPU that is held, after the entry has been changed.
  static const char* const changed[] = {"ksys_unshare", "smp_call_function_many_cond"};
  static const struct race fork_thp = {BUFFER_THP, false, in_fork, 1, fork_it};
  static const struct race fork_whole_thp = {BUFFER_THP, true, in_fork, 1, fork_it};
  static const struct race unmap_page = {BUFFER_PAGES, false, changed, 2, unmap};
  static const struct race split_thp = {BUFFER_THP, false, changed, 2, split};
  static const struct ktap_case fork_cases[] = {
      {"thp", run, &fork_thp},
      {"whole_thp", run, &fork_whole_thp},
  };
  static const struct ktap_case entry_cases[] = {
      {"unmap_page", run, &unmap_page},
      {"split_thp", run, &split_thp},
  };
  if (argc == 2 && strcmp(argv[1], "fork") == 0) return ktap_run(fork_cases, 2);
  return ktap_run(entry_cases, 2);
}
