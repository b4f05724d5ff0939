// SPDX-License-Identifier: GPL-2.0
// A long-term pin of a hugetlb page in ZONE_MOVABLE (where huge pages that can be migrated may come from): it
// is migrated to another huge page outside, or the pin is refused; the kernel must not warn. 6.1 warns
// (mm/hugetlb.c, follow_hugetlb_page()) and fails with ENOMEM.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mr.h"
#include "pagemap.h"
#include "uring.h"

static bool write_number(const char* path, long value) {
  char text[24];
  int fd = open(path, O_WRONLY | O_CLOEXEC), length = snprintf(text, sizeof(text), "%ld", value);
  bool good = fd >= 0 && write(fd, text, (size_t)length) == length;
  if (fd >= 0) close(fd);
  return good;
}

static long pool(void) {
  FILE* file = fopen("/proc/sys/vm/nr_hugepages", "re");
  long pages = -1;
  if (file && fscanf(file, "%ld", &pages) != 1) pages = -1;
  if (file) fclose(file);
  return pages;
}

// The first huge page out of ZONE_MOVABLE. Those in front of it stay allocated in `before` until the end.
static bool find_movable(struct buffer* found, struct buffer* before, int* count, int limit) {
  for (*count = 0; *count < limit; ++*count) {
    if (!buffer_get(found, BUFFER_HUGETLB, 1)) return false;
    if (pagemap_movable_zone(pagemap_pfn(found->addr))) return true;
    before[*count] = *found;
  }
  return ktap_skip("none of %d huge pages is in ZONE_MOVABLE", limit);
}

enum { most = 128 };

static void pin(struct buffer* huge) {
  struct pins before;
  uint64_t frame = pagemap_pfn(huge->addr);
  int ring = uring_open();
  if (ring < 0) return;
  if (pins_begin(&before)) {
    int error = uring_register(ring, huge->addr, huge->size);
    ktap_note("registering: %s; frame %llx -> %llx", error ? strerror(-error) : "done",
              (unsigned long long)frame, (unsigned long long)pagemap_pfn(huge->addr));
    if (error) ktap_fail("registering a movable huge page: %s", strerror(-error));
    if (!error && pagemap_movable_zone(pagemap_pfn(huge->addr)))
      ktap_fail("it is pinned long-term in ZONE_MOVABLE");
    if (!error) uring_unregister(ring);
    pins_expect_at_least(&before, error ? 0 : (long long)(huge->size / page_bytes()), 0);
  }
  close(ring);
}

static void movable_huge_page(const void* arg) {
  (void)arg;
  static struct buffer before[most];
  struct buffer huge;
  int count = 0;
  long pages = pool();
  if (!pagemap_have_movable_zone()) {
    ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
    return;
  }
  write_number("/proc/sys/vm/nr_hugepages", pages + 32);
  if (find_movable(&huge, before, &count, most)) {
    pin(&huge);
    buffer_put(&huge);
  }
  while (count > 0) buffer_put(&before[--count]);
  write_number("/proc/sys/vm/nr_hugepages", pages);
}

int main(void) {
  static const struct ktap_case cases[] = {{"movable_huge_page", movable_huge_page, NULL}};
  return ktap_run(cases, 1);
}
