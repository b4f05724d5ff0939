// SPDX-License-Identifier: GPL-2.0
// A pinned huge page is not split (mm/huge_memory.c, can_split_folio()): its page table may be, but the folio
// stays whole, in place, with its data. Unpinned it must split, or the case proves nothing.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"

enum { seed = 67, new_seed = 68 };

// Asks the kernel to split every huge page of the range. False: the running case has been skipped or failed.
static bool split(const struct buffer* buffer) {
  static const char path[] = "/sys/kernel/debug/split_huge_pages";
  char line[80];
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ktap_skip("%s: %s", path, strerror(errno));
  int length = snprintf(line, sizeof(line), "%d,%p,%p", (int)getpid(), (void*)buffer->addr,
                        (void*)(buffer->addr + buffer->size));
  bool good = write(fd, line, (size_t)length) == length;
  close(fd);
  if (!good && errno == EINVAL)
    return ktap_skip("%s: %s (takes a process since 5.13)", path, strerror(errno));
  return good || ktap_fail("%s: %s", path, strerror(errno));
}

static bool is_huge(const struct buffer* buffer, size_t page) {
  return (pagemap_flags(pagemap_pfn(buffer->addr + page * page_bytes())) & PAGEMAP_THP) != 0;
}

// Which part of the huge page is pinned, by pages; count 0: all.
struct part {
  size_t first, count;
};

static void pinned(const struct part* part, struct buffer* buffer) {
  struct hold hold;
  size_t start = part->first * page_bytes(), length = part->count ? part->count * page_bytes() : buffer->size;
  uint64_t frame = pagemap_pfn(buffer->addr + start);
  if (hold_open(&hold, buffer->addr + start, length) && split(buffer)) {
    if (!is_huge(buffer, part->first)) ktap_fail("a pinned huge page was split");
    if (pagemap_pfn(buffer->addr + start) != frame) ktap_fail("a pinned page moved");
    // The page table at least may be split: unprotecting a part does that.
    mprotect(buffer->addr, page_bytes(), PROT_READ);
    mprotect(buffer->addr, page_bytes(), PROT_READ | PROT_WRITE);
    split(buffer);
    if (!is_huge(buffer, part->first)) ktap_fail("a pinned huge page was split after its page table");
    if (pagemap_pfn(buffer->addr + start) != frame)
      ktap_fail("a pinned page moved when the page table was split");
    if (pattern_check(buffer->addr, buffer->size, seed, 0) >= 0) ktap_fail("data lost");
    pattern_fill(buffer->addr + start, length, new_seed, 0);
    hold_check(&hold, 0, length, new_seed, "after the process wrote");
  }
  hold_close(&hold);
}

static void thp(const void* arg) {
  struct buffer buffer;
  if (!buffer_get(&buffer, BUFFER_THP, 1)) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  // /proc/kpageflags says THP of a folio that is huge, and of a split one no more.
  if (!is_huge(&buffer, 0)) ktap_skip("/proc/kpageflags does not show the huge page");
  pinned(arg, &buffer);
  if (split(&buffer) && is_huge(&buffer, 0)) ktap_fail("not split after it was unpinned");
  buffer_put(&buffer);
}

static void unpinned(const void* arg) {
  (void)arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, BUFFER_THP, 1)) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  if (split(&buffer) && is_huge(&buffer, 0)) ktap_fail("it was not split");
  if (pattern_check(buffer.addr, buffer.size, seed, 0) >= 0) ktap_fail("data lost");
  buffer_put(&buffer);
}

int main(void) {
  static const struct part whole = {0, 0}, head = {0, 1}, tail = {3, 5};
  static const struct ktap_case cases[] = {
      {"unpinned_is_split", unpinned, NULL},
      {"whole_pinned", thp, &whole},
      {"first_page_pinned", thp, &head},
      {"inner_pages_pinned", thp, &tail},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
