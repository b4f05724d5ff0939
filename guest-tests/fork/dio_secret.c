// SPDX-License-Identifier: GPL-2.0
// fork() racing with direct writes, in both orders that once leaked: one process writes its page of known
// data directly to a file, while the other writes a secret into what must be a private copy by then. The
// secret must never appear in the file. A smoke test: on a broken kernel it fails only with some probability.
//
//   dio_secret [milliseconds of each case]
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

enum { sector = 512, least_rounds = 8, extra_factor = 8, child_writes = 8, child_limit_ms = 10000 };
static const char boring[] = "Boring data", secret[] = "Secret data";
static int duration_ms = 700;

struct leak_case {
  enum place_kind place;
  bool secret_in_parent;
};

struct leak {
  int fd;
  unsigned char* page;
  unsigned char* check;  // for reading the file back
  atomic_bool stop;
  atomic_long transfers, leaked, errors;
};

static void look(struct leak* leak) {
  if (pread(leak->fd, leak->check, sector, 0) != sector) ++leak->errors;
  ++leak->transfers;
  if (memcmp(leak->check, secret, sizeof(secret)) == 0) ++leak->leaked;
}

// The parent's thread writes the page and looks at what arrived.
static void* writer(void* arg) {
  struct leak* leak = arg;
  while (!leak->stop && leak->errors == 0) {
    if (pwrite(leak->fd, leak->page, sector, 0) != sector) ++leak->errors;
    ++leak->transfers;
    look(leak);
  }
  return NULL;
}

// The thread writes all the time. The parent touches the page after fork(), then the child writes its secret
// into what has to be a copy of its own.
static bool secret_in_child(struct leak* leak) {
  volatile unsigned char* tail = leak->page + page_bytes() - 1;
  pid_t child = proc_fork();
  if (child < 0) return false;
  if (child == 0) {
    // In the middle of the thread's write, which is the race.
    usleep(200);
    memcpy(leak->page, secret, sizeof(secret));
    _exit(0);
  }
  ++*tail;
  return proc_reap(child, child_limit_ms) == 0 || ktap_fail("the child could not write");
}

// The child writes the page that it got by fork() to the file, over and over, while the parent puts a secret
// into its own.
static bool secret_in_parent(struct leak* leak) {
  memcpy(leak->page, boring, sizeof(boring));
  pid_t child = proc_fork();
  if (child < 0) return false;
  if (child == 0) {
    for (int i = 0; i < child_writes; ++i)
      if (pwrite(leak->fd, leak->page, sector, 0) != sector) _exit(1);
    _exit(0);
  }
  memcpy(leak->page, secret, sizeof(secret));
  bool good = proc_reap(child, child_limit_ms) == 0 || ktap_fail("the child could not write");
  leak->transfers += child_writes;
  look(leak);
  return good;
}

static long rounds_until(struct leak* leak, bool in_parent) {
  long long start = clock_ms();
  for (long rounds = 0;; ++rounds) {
    long long now = clock_ms() - start;
    if (now >= extra_factor * duration_ms || leak->errors > 0) return rounds;
    if (now >= duration_ms && rounds >= least_rounds) return rounds;
    if (!(in_parent ? secret_in_parent(leak) : secret_in_child(leak))) return rounds;
  }
}

static void race(const struct leak_case* c, struct place* place, struct leak* leak) {
  struct pins before;
  pthread_t thread;
  if (!pins_begin(&before)) return;
  int failed = c->secret_in_parent ? 0 : pthread_create(&thread, NULL, writer, leak);
  KTAP_REQUIRE(failed == 0, "pthread_create: %s", strerror(failed));
  long rounds = rounds_until(leak, c->secret_in_parent);
  leak->stop = true;
  if (!c->secret_in_parent) pthread_join(thread, NULL);
  ktap_note("%ld transfers during %ld forks, %ld leaked", leak->transfers, rounds, leak->leaked);
  pins_expect_at_least(&before, place->mode == MODE_PIN ? leak->transfers : 0,
                       -place_skew(place, leak->transfers));
  if (leak->errors) ktap_fail("direct I/O failed");
  if (rounds < least_rounds) ktap_fail("too few rounds to conclude anything");
  if (leak->leaked) ktap_fail("%ld times a secret of the other process was in the file", leak->leaked);
}

static void no_secret_leaks(const void* arg) {
  const struct leak_case* c = arg;
  struct place place;
  struct buffer page, check;
  if (place_open(&place, c->place, false, 0) && buffer_get(&page, BUFFER_PAGES, page_bytes())) {
    memset(page.addr, 0, page_bytes());
    memcpy(page.addr, boring, sizeof(boring));
    if (buffer_get(&check, BUFFER_PAGES, page_bytes())) {
      struct leak leak = {.fd = place.fd, .page = page.addr, .check = check.addr};
      race(c, &place, &leak);
      buffer_put(&check);
    }
    buffer_put(&page);
  }
  place_close(&place);
}

int main(int argc, char** argv) {
  static const struct leak_case bdev_child = {PLACE_BDEV, false}, bdev_parent = {PLACE_BDEV, true};
  static const struct leak_case ext4_child = {PLACE_EXT4, false}, ext4_parent = {PLACE_EXT4, true};
  static const struct leak_case vfat_child = {PLACE_VFAT, false}, vfat_parent = {PLACE_VFAT, true};
  static const struct ktap_case cases[] = {
      {"bdev_secret_in_child", no_secret_leaks, &bdev_child},
      {"bdev_secret_in_parent", no_secret_leaks, &bdev_parent},
      {"ext4_secret_in_child", no_secret_leaks, &ext4_child},
      {"ext4_secret_in_parent", no_secret_leaks, &ext4_parent},
      {"vfat_secret_in_child", no_secret_leaks, &vfat_child},
      {"vfat_secret_in_parent", no_secret_leaks, &vfat_parent},
  };
  if (argc > 1) duration_ms = atoi(argv[1]);
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
