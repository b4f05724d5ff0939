// SPDX-License-Identifier: GPL-2.0
// Taking memory offline moves everything in it elsewhere (mm/memory_hotplug.c): impossible while a page of the block is
// pinned, which keeps frame and data; possible once it is given back.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "hold.h"
#include "mr.h"
#include "pagemap.h"
#include "proc.h"

enum { seed = 86, new_seed = 87, refuse_ms = 1500, offline_ms = 20000 };

static unsigned long long block_bytes(void) {
  FILE* file = fopen("/sys/devices/system/memory/block_size_bytes", "re");
  unsigned long long size = 0;
  if (file && fscanf(file, "%llx", &size) != 1) size = 0;
  if (file) fclose(file);
  return size;
}

// Writes "offline" or "online" from a child, since the kernel tries again and again until a signal comes. 0: done; 1: an
// error; -1: it was still trying after `limit_ms`.
static int set_state(const char* path, const char* state, int limit_ms) {
  pid_t child = proc_fork();
  if (child < 0) return 1;
  if (child == 0) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    _exit(fd >= 0 && write(fd, state, strlen(state)) == (ssize_t)strlen(state) ? 0 : 1);
  }
  long long end = clock_ms() + limit_ms;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (clock_ms() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return -1;
    }
    sleep_ms(10);
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

// A page in ZONE_MOVABLE that is pinned where it is: by direct means none would stay, so the pin is a short one that
// lasts: a page of a pipe by vmsplice() takes a reference, which holds it in place just so.
static void offline(const void* arg) {
  (void)arg;
  struct buffer buffer;
  char path[80];
  int fds[2];
  unsigned long long size = block_bytes();
  if (size == 0) ktap_skip("no /sys/devices/system/memory (MEMORY_HOTPLUG)");
  if (!pagemap_have_movable_zone()) ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
  if (size == 0 || !pagemap_have_movable_zone() || pipe2(fds, O_CLOEXEC) < 0) return;
  if (!buffer_get(&buffer, BUFFER_PAGES, page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  uint64_t frame = pagemap_pfn(buffer.addr);
  snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state", frame * page_bytes() / size);
  struct iovec vec = {buffer.addr, page_bytes()};
  if (!pagemap_movable_zone(frame)) {
    ktap_skip("the page did not come from ZONE_MOVABLE");
  } else if (vmsplice(fds[1], &vec, 1, 0) != (ssize_t)page_bytes()) {
    ktap_fail("vmsplice: %s", strerror(errno));
  } else {
    int held = set_state(path, "offline", refuse_ms);
    ktap_note("%s with a page held: %s", path, held == 0 ? "offline" : held < 0 ? "tries on" : "refused");
    if (held == 0) ktap_fail("memory with a held page went offline");
    if (pagemap_pfn(buffer.addr) != frame) ktap_fail("the held page moved");
    unsigned char seen[65536];
    if (read(fds[0], seen, page_bytes()) != (ssize_t)page_bytes() || pattern_check(seen, page_bytes(), seed, 0) >= 0)
      ktap_fail("the holder sees other data");
    int freed = set_state(path, "offline", offline_ms);
    if (freed != 0) ktap_fail("it does not go offline after the page was given back (%d)", freed);
    if (freed == 0 && pagemap_pfn(buffer.addr) == frame) ktap_fail("the page is where it was");
    if (pattern_check(buffer.addr, page_bytes(), seed, 0) >= 0) ktap_fail("data lost");
    if (freed == 0 && set_state(path, "online_movable", offline_ms) != 0) ktap_fail("it does not come back");
  }
  close(fds[0]);
  close(fds[1]);
  buffer_put(&buffer);
}

// A long-term pin never stands in the way: its page has left the zone before.
static void longterm_leaves_first(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct hold hold;
  char path[80];
  unsigned long long size = block_bytes();
  if (size == 0 || !pagemap_have_movable_zone()) {
    ktap_skip("no removable memory (MEMORY_HOTPLUG, movablecore=)");
    return;
  }
  if (!buffer_get(&buffer, BUFFER_PAGES, page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  uint64_t frame = pagemap_pfn(buffer.addr);
  snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state", frame * page_bytes() / size);
  if (!pagemap_movable_zone(frame)) ktap_skip("the page did not come from ZONE_MOVABLE");
  if (hold_open(&hold, buffer.addr, page_bytes()) && pagemap_movable_zone(frame)) {
    int result = set_state(path, "offline", offline_ms);
    if (result != 0) ktap_fail("the block that the page was in does not go offline (%d)", result);
    hold_check(&hold, 0, page_bytes(), seed, "with its first block offline");
    if (result == 0 && set_state(path, "online_movable", offline_ms) != 0) ktap_fail("it does not come back");
  }
  hold_close(&hold);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"held_page_stays", offline, NULL},
      {"longterm_pin_leaves_first", longterm_leaves_first, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
