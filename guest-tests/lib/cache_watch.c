// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "proc.h"

// Pages dirtied in the page cache since boot; -1: unknown.
static long long dirtied(void) {
  char byte;
  int fold = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
  if (fold >= 0) {
    if (read(fold, &byte, 1) < 0) ktap_note("vm.stat_refresh: %s", strerror(errno));
    close(fold);
  }
  return proc_vmstat("nr_dirtied");
}

static bool in_cache(const struct cache_watch* watch) {
  unsigned char resident = 0;
  void* map = mmap(NULL, page_bytes(), PROT_READ, MAP_PRIVATE, watch->fd, 0);
  if (map == MAP_FAILED || mincore(map, page_bytes(), &resident) < 0)
    ktap_note("whether it went by the page cache cannot be seen: %s", strerror(errno));
  if (map != MAP_FAILED) munmap(map, page_bytes());
  return (resident & 1) != 0;
}

bool cache_watch_begin(struct cache_watch* watch, int fd, bool write, long long pages) {
  *watch = (struct cache_watch){.fd = fd, .write = write, .pages = pages};
  if (write) {
    watch->dirtied = dirtied();
    return watch->dirtied >= 0 || ktap_fail("/proc/vmstat has no nr_dirtied");
  }
  int error = posix_fadvise(fd, 0, (off_t)page_bytes(), POSIX_FADV_DONTNEED);
  if (error) return ktap_fail("POSIX_FADV_DONTNEED: %s", strerror(error));
  // A page that has to stay, such as one that a server has not committed, tells nothing.
  watch->stays = in_cache(watch);
  return true;
}

bool cache_watch_hit(const struct cache_watch* watch) {
  return watch->write ? dirtied() - watch->dirtied >= watch->pages : !watch->stays && in_cache(watch);
}
