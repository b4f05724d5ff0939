// SPDX-License-Identifier: GPL-2.0
#include "hinting.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "ktap.h"
#include "patience.h"

// More pages than wait on a CPU to be put on a list of reclaim (mm/swap.c, folio_batch), which then are on
// it: no others are migrated.
enum { limit_ms = 5000, control_pages = 64 };

// What makes the scanner come by at the next tick of a new thread, and look at all of the memory.
static const struct setting {
  const char *file, *value;
  const char* old;  // where it was before 5.13
} settings[] = {
    {"/sys/kernel/debug/sched/numa_balancing/scan_delay_ms", "0",
     "/proc/sys/kernel/numa_balancing_scan_delay_ms"},
    {"/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms", "1",
     "/proc/sys/kernel/numa_balancing_scan_period_min_ms"},
    {"/sys/kernel/debug/sched/numa_balancing/scan_period_max_ms", "1",
     "/proc/sys/kernel/numa_balancing_scan_period_max_ms"},
    {"/proc/sys/kernel/numa_balancing", "1", NULL},
};
enum { setting_count = sizeof(settings) / sizeof(settings[0]) };

static const char* file_of(const struct setting* setting) {
  return setting->old && access(setting->file, F_OK) < 0 ? setting->old : setting->file;
}

struct attraction {
  unsigned char *addr, *control;
  size_t length;
  int node;  // where the pages are now
  bool moved;
};

// Files of debugfs have no position: read and written by descriptors of their own.
static bool set(const char* file, const char* value) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  close(fd);
  return good;
}

static bool exchange(const char* file, const char* value, char* before, size_t size) {
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t got = read(fd, before, size - 1);
  close(fd);
  if (got <= 0) return false;
  before[got] = '\0';
  return set(file, value);
}

static int node_of(void* page) {
  int status = -ENOENT;
  return syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) < 0 ? -errno : status;
}

// A CPU that is on another node; -1: there is none.
static int cpu_off(int node) {
  for (int cpu = 0; cpu < 64; ++cpu) {
    char path[80];
    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", cpu);
    if (access(path, F_OK) < 0) return -1;
    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/node%d", cpu, node);
    if (access(path, F_OK) < 0) return cpu;
  }
  return -1;
}

static void touch(unsigned char* at, size_t length) {
  for (size_t i = 0; i < length; i += page_bytes()) (void)*(volatile unsigned char*)(at + i);
}

static void* use(void* arg) {
  struct attraction* a = arg;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu_off(a->node), &set);
  if (sched_setaffinity(0, sizeof(set), &set) < 0) return NULL;
  const long long end = clock_ms() + patience_scaled(limit_ms);
  while (!a->moved && clock_ms() < end) {
    for (int i = 0; i < 100; ++i) {
      touch(a->addr, a->length);
      touch(a->control, control_pages * page_bytes());
    }
    a->moved = node_of(a->control) != a->node;
  }
  // Once more, for those that the scanner had not reached yet.
  touch(a->addr, a->length);
  return NULL;
}

static bool attract(struct attraction* a) {
  pthread_t thread;
  const int error = pthread_create(&thread, NULL, use, a);
  if (error) return ktap_fail("pthread_create: %s", strerror(error));
  pthread_join(thread, NULL);
  return a->moved || ktap_skip("no page was moved by hinting faults within %d ms", patience_scaled(limit_ms));
}

// A node with memory that this thread's CPU is not on; -1: there is none.
static int far_node(void) {
  unsigned cpu, here;
  if (syscall(SYS_getcpu, &cpu, &here, NULL) < 0) return -1;
  for (int node = 0; node < 8; ++node) {
    char path[80];
    snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
    if (node != (int)here && access(path, F_OK) == 0) return node;
  }
  return -1;
}

static bool prefer(int node) {
  enum { mpol_default, mpol_preferred };
  unsigned long mask = node < 0 ? 0 : 1ul << node;
  return syscall(SYS_set_mempolicy, node < 0 ? mpol_default : mpol_preferred, node < 0 ? NULL : &mask,
                 8 * sizeof(mask)) == 0;
}

bool hinting_begin(void) {
  const int node = far_node();
  if (node < 0) return ktap_skip("one NUMA node");
  return prefer(node) || ktap_fail("set_mempolicy: %s", strerror(errno));
}

void hinting_end(void) { prefer(-1); }

static bool control_page(struct attraction* a, size_t size) {
  a->control = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (a->control == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  madvise(a->control, size, MADV_NOHUGEPAGE);
  memset(a->control, 1, size);
  return true;
}

bool hinting_attract(unsigned char* addr, size_t length) {
  const size_t size = control_pages * page_bytes();
  struct attraction a = {.addr = addr, .length = length};
  char before[setting_count][24];
  size_t changed = 0;
  bool good = control_page(&a, size);
  // From here on no policy keeps its pages where they are.
  hinting_end();
  if (!good) return false;
  a.node = node_of(a.control);
  if (node_of(addr) != a.node || a.node < 0)
    good = ktap_fail("the memory is on node %d, memory touched later on node %d", node_of(addr), a.node);
  if (good && cpu_off(a.node) < 0) good = ktap_skip("no CPU on another node");
  while (good && changed < setting_count) {
    const struct setting* s = &settings[changed];
    good = exchange(file_of(s), s->value, before[changed], sizeof(before[changed]));
    if (good)
      ++changed;
    else
      ktap_skip("%s: %s (NUMA_BALANCING)", file_of(s), strerror(errno));
  }
  good = good && attract(&a);
  while (changed > 0) {
    --changed;
    set(file_of(&settings[changed]), before[changed]);
  }
  munmap(a.control, size);
  return good;
}
