// SPDX-License-Identifier: GPL-2.0
// fork() with a region registered: the child gets copies, the parent keeps the pinned pages
// (copy_present_pte() immediately copies a page that may be pinned), so that the device and the parent still
// see the same memory.
#include <stdlib.h>
#include <unistd.h>

#include "mr.h"
#include "pagemap.h"
#include "proc.h"

enum { seed = 80, child_seed = 81, limit_ms = 20000 };

static void fork_and_write(struct buffer* buffer, const uint64_t* frames) {
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    int wrong = pattern_check(buffer->addr, buffer->size, seed, 0) >= 0;
    int shared = pagemap_pfn(buffer->addr) == frames[0];
    pattern_fill(buffer->addr, buffer->size, child_seed, 0);
    _exit(wrong | shared << 1);
  }
  int code = proc_reap(child, limit_ms);
  if (code & 1) ktap_fail("the child does not see its parent's data");
  if (code & 2) ktap_fail("the child has the pinned page");
  if (pattern_check(buffer->addr, buffer->size, seed, 0) >= 0)
    ktap_fail("the parent sees the child's writes");
  pattern_fill(buffer->addr, buffer->size, seed + 1, 0);
  if (pagemap_moved(buffer->addr, buffer->size, frames))
    ktap_fail("the parent lost pinned pages to its child");
}

static void forked(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, *kind, MR_PAGES * page_bytes())) {
    long long pages = (long long)(buffer.size / page_bytes());
    uint64_t* frames = calloc((size_t)pages, sizeof(*frames));
    pattern_fill(buffer.addr, buffer.size, seed, 0);
    struct ibv_mr* region = mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
    if (region && pagemap_pfns(buffer.addr, buffer.size, frames)) {
      fork_and_write(&buffer, frames);
      pins_expect(&before, 0, 0);
    }
    mr_drop(region, pages, &before);
    free(frames);
    buffer_put(&buffer);
  }
  link_close(&link);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"pages", forked, &page},
      {"thp", forked, &thp},
      {"hugetlb", forked, &hugetlb},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
