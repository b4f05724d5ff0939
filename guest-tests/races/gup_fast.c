// SPDX-License-Identifier: GPL-2.0
// Fast GUP looks at the page table without a lock, takes a reference, and then looks again (mm/gup.c,
// gup_fast()). Here it is held between lookup and reference while the other side changes what it has seen.
// The reference has to be dropped, and the slow path has to pin the page that is mapped in the end. What is
// judged is memory: what the pin, the process and its child see, and whether the change came about.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

#include "buffers.h"
#include "held_cpu.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"

enum {
  seed = 110,
  new_seed = 111,
  foreign_seed = 112,
  pin_seed = 113,
  step_ms = 20000,
  end_ms = 60000,
  spare_pages = 64
};

// Between lookup and reference, and where fast GUP goes on: it takes the lock, or it has pinned.
static const char lookup[] = "try_grab_folio_fast", retry[] = "__gup_longterm_locked", success[] = "kvfree";

// The process that pins and changes, on CPUs 1 and 2. Its main thread changes.
struct victim {
  struct buffer buffer;
  struct hold hold;
  unsigned char* spare;  // pages of another mapping, which may get a frame that is free now
  struct rendezvous pin, change, ready, look;
  pid_t child;  // of fork_it()
  uint64_t frame;
  int pinned;  // of hold_pin()
};

struct race {
  enum buffer_kind kind;
  bool whole;     // pins all of it, else one page
  bool gigantic;  // a huge page of 1 GiB instead of that kind
  // Where the other side is in the middle of its change, or behind it.
  const char* const* places;
  size_t place_count;
  bool (*change)(struct victim* v);
  // Whether the change came about, once the pin is known to be of what is mapped.
  void (*judge)(struct victim* v);
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
  unsigned char go;
  v->child = proc_fork();
  if (v->child != 0) return v->child > 0;
  close(v->look.write_fd);
  rendezvous_wait(&v->look, &go, end_ms);
  _exit(pattern_check(v->buffer.addr, v->buffer.size, seed, 0) >= 0 ? 1 : 0);
}

// A device writes through the pin: into the memory of the process, and of nobody else.
static void judge_fork(struct victim* v) {
  const size_t length = v->hold.length;
  unsigned char* data = malloc(length);
  if (!data) {
    ktap_fail("no memory");
    return;
  }
  pattern_fill(data, length, pin_seed, 0);
  if (hold_write(&v->hold, 0, data, length) && pattern_check(v->hold.addr, length, pin_seed, 0) >= 0)
    ktap_fail("the process does not see what was written through its pin");
  free(data);
}

static void ask_child(struct victim* v) {
  if (v->child <= 0) return;
  rendezvous_send(&v->look, 1);
  if (proc_reap(v->child, end_ms) != 0) ktap_fail("the child sees what was written through the pin");
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

// A huge page of 1 GiB. Only its beginning is filled.
static bool get_gigantic(struct buffer* buffer) {
  const size_t size = 1u << 30;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (30 << MAP_HUGE_SHIFT);
  void* at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (at == MAP_FAILED) return ktap_skip("no huge page of 1 GiB: %s", strerror(errno));
  *buffer = (struct buffer){.addr = at, .size = page_bytes(), .map = at, .map_size = size, .fd = -1};
  return true;
}

static bool discard(struct victim* v) {
  return madvise(v->buffer.map, v->buffer.map_size, MADV_DONTNEED) == 0 ||
         ktap_fail("madvise: %s", strerror(errno));
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

// A reference that fast GUP keeps is in the way of the split.
static void judge_split(struct victim* v) {
  const uint64_t flags = pagemap_flags(pagemap_pfn(v->buffer.addr));
  if (flags == 0) ktap_fail("the flags of the page cannot be read");
  if (flags & PAGEMAP_THP) ktap_fail("the huge page was not split");
}

// Migrates the page. A reference that fast GUP keeps is in the way of that.
static bool soft_offline(struct victim* v) {
  v->frame = pagemap_pfn(v->buffer.addr);
  if (madvise(v->buffer.addr, page_bytes(), MADV_SOFT_OFFLINE) == 0) return true;
  if (errno == EINVAL) return ktap_skip("no MADV_SOFT_OFFLINE (CONFIG_MEMORY_FAILURE)");
  return ktap_fail("MADV_SOFT_OFFLINE: %s", strerror(errno));
}

static void judge_offline(struct victim* v) {
  if (pagemap_pfn(v->buffer.addr) == v->frame) ktap_fail("the page was not migrated");
}

// The pin has to be of what is mapped now, wherever that is, and of each page: fork() then copies all of them
// for the child, and the process keeps what is pinned.
static void check_pin(struct victim* v) {
  struct rendezvous go;
  if (!rendezvous_open(&go)) return;
  pid_t child = proc_fork();
  if (child == 0) {
    rendezvous_linger(&go, end_ms);
    _exit(0);
  }
  pattern_fill(v->hold.addr, v->hold.length, new_seed, 0);
  hold_check(&v->hold, 0, v->hold.length, new_seed, "after fork() the process wrote");
  rendezvous_send(&go, 1);
  if (child < 0 || proc_reap(child, end_ms) != 0) ktap_fail("the child that shares the memory failed");
  rendezvous_close(&go);
}

static void judge(struct victim* v, const struct race* race) {
  if (v->pinned != 0) {
    ktap_fail("pinning: %s", strerror(-v->pinned));
    return;
  }
  if (!hold_measure(&v->hold)) return;
  check_pin(v);
  if (race->judge) race->judge(v);
}

// fork() is to meet no other huge page before the buffer's: those of the program and of stacks are mapped by
// pages from now on, because a VMA ends in the middle of each.
static bool split_other_huge_pages(const struct victim* v) {
  char line[300];
  struct {
    uintptr_t start, end;
  } found[64];
  size_t count = 0, huge = thp_bytes();
  FILE* maps = fopen("/proc/self/maps", "re");
  if (!maps) return ktap_fail("/proc/self/maps: %s", strerror(errno));
  while (count < 64 && fgets(line, sizeof(line), maps)) {
    unsigned long start, end;
    if (sscanf(line, "%lx-%lx rw-p", &start, &end) != 2 || !strstr(line, " rw-p ")) continue;
    if (v->buffer.addr && start == (uintptr_t)v->buffer.addr) continue;
    found[count].start = start;
    found[count++].end = end;
  }
  fclose(maps);
  for (size_t i = 0; i < count && huge; ++i) {
    for (uintptr_t at = (found[i].start + huge - 1) / huge * huge; at + huge <= found[i].end; at += huge)
      madvise((void*)(at + page_bytes()), page_bytes(), MADV_DONTDUMP);
  }
  return true;
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
      !(race->gigantic ? get_gigantic(&v->buffer) : buffer_get(&v->buffer, race->kind, length)) ||
      madvise(v->spare, spare_pages * page_bytes(), MADV_NOHUGEPAGE) < 0)
    return;
  pattern_fill(v->buffer.addr, v->buffer.size, seed, 0);
  // Its pages go from this CPU's batch to the LRU lists: they can be migrated only there.
  madvise(v->spare, page_bytes(), MADV_DONTNEED);
  if (hold_prepare(&v->hold, target(v, race), length) && pthread_create(&thread, NULL, pin, v) == 0 &&
      split_other_huge_pages(v)) {
    if (rendezvous_send(&v->ready, 1) && rendezvous_wait(&v->change, &go, end_ms) && race->change(v)) {
      unshare(0);  // a place to be held behind the change
    }
    pthread_join(thread, NULL);
    if (v->pinned != -ECANCELED && !ktap_failed()) judge(v, race);
    ask_child(v);
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
  if (!held_cpu_arm_any(race->places, race->place_count, held_cpu_two) || !rendezvous_send(&v->change, 1) ||
      !held_cpu_wait_any(race->places, race->place_count, step_ms))
    return false;
  if (!held_cpu_arm_any(ends, 2, held_cpu_one) || !held_cpu_release(lookup)) return false;
  const char* end = held_cpu_wait_any(ends, 2, step_ms);
  if (end) ktap_note("fast GUP %s its reference", end == success ? "kept" : "dropped");
  return end != NULL;
}

static void attempt(const void* arg) {
  const struct race* race = arg;
  struct victim v = {.hold = {.device = -1, .ring = {.fd = -1}}};
  if (race->kind == BUFFER_THP && !thp_usable()) return;
  if (!held_cpu_begin() || !rendezvous_open(&v.pin) || !rendezvous_open(&v.change) ||
      !rendezvous_open(&v.ready) || !rendezvous_open(&v.look))
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
  rendezvous_close(&v.look);
}

static void run(const void* arg) { held_cpu_attempts(attempt, arg); }

int main(int argc, char** argv) {
  // fork() has found the huge page unpinned, and is about to write-protect it.
  static const char* const in_fork[] = {"pgtable_trans_huge_deposit"};
  // Behind the change, or where it waits for the CPU that is held, after the entry has been changed.
  static const char* const changed[] = {"ksys_unshare", "smp_call_function_many_cond"};
  // The same for migration, which on arm64 nothing makes wait: once the frame is free nobody pins it.
  static const char* const migrating[] = {"move_to_new_folio", "smp_call_function_many_cond"};
  static const struct race fork_thp = {BUFFER_THP, false, false, in_fork, 1, fork_it, judge_fork};
  static const struct race fork_whole_thp = {BUFFER_THP, true, false, in_fork, 1, fork_it, judge_fork};
  static const struct race unmap_page = {BUFFER_PAGES, false, false, changed, 2, unmap, NULL};
  static const struct race split_thp = {BUFFER_THP, false, false, changed, 2, split, judge_split};
  static const struct race split_whole_thp = {BUFFER_THP, true, false, changed, 2, split, judge_split};
  static const struct race offline_shared = {BUFFER_MEMFD, false,        false, migrating, 2,
                                             soft_offline, judge_offline};
  static const struct race offline = {BUFFER_PAGES, false, false, migrating, 2, soft_offline, judge_offline};
  static const struct race discard_gigantic = {BUFFER_HUGETLB, false, true, changed, 2, discard, NULL};
  static const struct ktap_case fork_cases[] = {
      {"thp", run, &fork_thp},
      {"whole_thp", run, &fork_whole_thp},
  };
  static const struct ktap_case entry_cases[] = {
      {"unmap_page", run, &unmap_page},
      {"split_thp", run, &split_thp},
      {"split_whole_thp", run, &split_whole_thp},
  };
  static const struct ktap_case migrate_cases[] = {
      {"soft_offline_shared", run, &offline_shared},
      {"soft_offline", run, &offline},
  };
  static const struct ktap_case gigantic_cases[] = {{"discard_1g", run, &discard_gigantic}};
  if (argc == 2 && strcmp(argv[1], "gigantic") == 0) return ktap_run(gigantic_cases, 1);
  if (argc == 2 && strcmp(argv[1], "fork") == 0) return ktap_run(fork_cases, 2);
  if (argc == 2 && strcmp(argv[1], "migrate") == 0) return ktap_run(migrate_cases, 2);
  return ktap_run(entry_cases, 3);
}
