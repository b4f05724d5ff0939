// SPDX-License-Identifier: GPL-2.0
// Offlining memory migrates all of its pages (mm/memory_hotplug.c): impossible while a page of the block is
// held, by a plain reference or by the pin of a direct read in flight, and the page keeps frame and data;
// possible once it is released. A long-term pin has migrated its page out before.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "clock.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"
#include "patience.h"
#include "pins.h"
#include "place.h"
#include "proc.h"

enum { seed = 86, fill = 0x5a, tag = 1, refuse_ms = 1500, offline_ms = 20000, max_bytes = 512 << 20 };

static unsigned long long block_bytes(void) {
  unsigned long long size = 0;
  FILE* file = fopen("/sys/devices/system/memory/block_size_bytes", "re");
  if (file && fscanf(file, "%llx", &size) != 1) size = 0;
  if (file) fclose(file);
  return size;
}

// Number of the highest memory block: at its end memory may have a hole, and only whole blocks go offline.
static unsigned long long last_block(void) {
  DIR* folder = opendir("/sys/devices/system/memory");
  unsigned long long last = 0, number;
  for (struct dirent* entry; folder && (entry = readdir(folder));)
    if (sscanf(entry->d_name, "memory%llu", &number) == 1 && number > last) last = number;
  if (folder) closedir(folder);
  return last;
}

// A written page in ZONE_MOVABLE and in a block that can go offline, whose state is at `path`. Pages come
// from the top of the zone: allocates enough to get below the last block, and frees all but one.
static bool get_page(unsigned char** page, char* path, size_t size) {
  unsigned long long block = block_bytes(), last = last_block();
  if (block == 0) return ktap_skip("no /sys/devices/system/memory (MEMORY_HOTPLUG)");
  if (!pagemap_have_movable_zone()) return ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
  const size_t area_size = 2 * block < max_bytes ? 2 * block : max_bytes;
  unsigned char* area = mmap(NULL, area_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED || madvise(area, area_size, MADV_NOHUGEPAGE) < 0)
    return ktap_fail("mmap: %s", strerror(errno));
  *page = NULL;
  for (size_t at = 0; at < area_size && !*page; at += page_bytes()) {
    area[at] = 1;
    if (at % (64 * page_bytes()) != 0) continue;
    uint64_t frame = pagemap_pfn(area + at);
    unsigned long long number = frame * page_bytes() / block;
    if (number < last && pagemap_movable_zone(frame)) *page = area + at;
    snprintf(path, size, "/sys/devices/system/memory/memory%llu/state", number);
  }
  if (!*page) return ktap_skip("no page came from ZONE_MOVABLE below the last block of memory");
  munmap(area, (size_t)(*page - area));
  munmap(*page + page_bytes(), area_size - (size_t)(*page - area) - page_bytes());
  pattern_fill(*page, page_bytes(), seed, 0);
  return true;
}

// The pool of huge pages loses those of a block that goes offline: the number there was, or with it the
// number again.
static long huge_pages(long wanted) {
  FILE* file = fopen("/proc/sys/vm/nr_hugepages", wanted < 0 ? "re" : "we");
  long pages = -1;
  if (file && wanted < 0 && fscanf(file, "%ld", &pages) != 1) pages = -1;
  if (file && wanted >= 0) fprintf(file, "%ld", wanted);
  if (file) fclose(file);
  return pages;
}

// Writes "offline" or "online" from a child, since the kernel tries again and again until a signal comes. 0:
// done; -1: it was still trying after `limit_ms`; else an errno.
static int set_state(const char* path, const char* state, int limit_ms) {
  pid_t child = proc_fork();
  if (child < 0) return EAGAIN;
  if (child == 0) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    _exit(fd >= 0 && write(fd, state, strlen(state)) == (ssize_t)strlen(state) ? 0 : errno);
  }
  long long end = clock_ms() + patience_scaled(limit_ms);
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (clock_ms() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return -1;
    }
    sleep_ms(10);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

// arm64 keeps what it booted with (arch/arm64/mm/mmu.c prevent_bootmem_remove_notifier()).
static bool never_goes(int result) {
  return result == EPERM && !ktap_skip("this architecture cannot offline boot memory");
}

static int stays(const char* path, const unsigned char* page) {
  uint64_t frame = pagemap_pfn(page);
  int result = set_state(path, "offline", refuse_ms);
  ktap_note("%s with a page held: %s", path, result == 0 ? "offline" : result < 0 ? "tries on" : "refused");
  if (result == 0 || pagemap_pfn(page) != frame)
    ktap_fail("memory with a held page went offline, or the page moved");
  return result;
}

// `result`: of the attempt while the page was held.
static void goes_afterwards(const char* path, int result) {
  if (result != EPERM) result = set_state(path, "offline", offline_ms);
  if (result != 0 && !never_goes(result))
    ktap_fail("it does not go offline after the page was released (%d)", result);
  if (result == 0 && set_state(path, "online_movable", offline_ms) != 0)
    ktap_fail("it does not come back online");
}

// Held in place: a pipe takes a reference through vmsplice(), which is not a pin and does not migrate.
static void held(const void* arg) {
  (void)arg;
  char path[80];
  unsigned char *page, seen[65536];
  int fds[2];
  if (!get_page(&page, path, sizeof(path)) || pipe2(fds, O_CLOEXEC) < 0) return;
  struct iovec vec = {page, page_bytes()};
  if (vmsplice(fds[1], &vec, 1, 0) != (ssize_t)page_bytes()) ktap_fail("vmsplice: %s", strerror(errno));
  int result = stays(path, page);
  if (read(fds[0], seen, page_bytes()) != (ssize_t)page_bytes() ||
      pattern_check(seen, page_bytes(), seed, 0) >= 0)
    ktap_fail("the holder sees other data");
  goes_afterwards(path, result);
  if (pattern_check(page, page_bytes(), seed, 0) >= 0) ktap_fail("data lost");
  close(fds[0]);
  close(fds[1]);
  munmap(page, page_bytes());
}

// A short-term pin: of a direct read that waits in a suspended device.
static void read_in_flight(const void* arg) {
  (void)arg;
  char path[80];
  unsigned char* page;
  struct place place;
  struct aio aio;
  struct pins before;
  long got = 0;
  if (place_open(&place, PLACE_BDEV, true, fill) && get_page(&page, path, sizeof(path))) {
    if (pins_begin(&before) && aio_open(&aio, 1)) {
      bool read = place_hold(&place) && aio_read(&aio, place.fd, page, page_bytes(), 0, tag);
      int result = read ? stays(path, page) : 0;
      place_release(&place);
      if (read && (aio_reap(&aio, offline_ms, &got) != tag || got != (long)page_bytes()))
        ktap_fail("the read gave %ld", got);
      aio_close(&aio);
      pins_expect(&before, place.mode == MODE_PIN, place.mode == MODE_PIN);
      if (read) goes_afterwards(path, result);
      for (size_t i = 0; i < page_bytes() && !ktap_failed(); ++i)
        if (page[i] != fill) ktap_fail("byte %zu is not what was read", i);
    }
    munmap(page, page_bytes());
  }
  place_close(&place);
}

// A long-term pin never prevents it: its page was migrated out of the zone before.
static void longterm_leaves_first(const void* arg) {
  (void)arg;
  char path[80];
  unsigned char* page;
  struct hold hold;
  if (!get_page(&page, path, sizeof(path))) return;
  if (hold_open(&hold, page, page_bytes())) {
    int result = set_state(path, "offline", offline_ms);
    if (result != 0 && !never_goes(result))
      ktap_fail("the block that the page was in does not go offline (%d)", result);
    hold_check(&hold, 0, page_bytes(), seed, "with its first block offline");
    if (result == 0 && set_state(path, "online_movable", offline_ms) != 0)
      ktap_fail("it does not come back online");
  }
  hold_close(&hold);
  munmap(page, page_bytes());
}

int main(void) {
  long pool = huge_pages(-1);
  static const struct ktap_case cases[] = {
      {"held_page_stays", held, NULL},
      {"read_in_flight_stays", read_in_flight, NULL},
      {"longterm_pin_leaves_first", longterm_leaves_first, NULL},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  if (pool > 0) huge_pages(pool);
  return code;
}
