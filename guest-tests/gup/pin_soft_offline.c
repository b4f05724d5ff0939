// SPDX-License-Identifier: GPL-2.0
// MADV_SOFT_OFFLINE migrates a page and takes the frame out of use (mm/memory-failure.c): refused while it is
// pinned, possible afterwards. Each case permanently costs the guest one page.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

enum { seed = 70, new_seed = 71 };

static void pinned(struct buffer* buffer, uint64_t frame) {
  struct hold hold;
  if (hold_open(&hold, buffer->addr, page_bytes())) {
    int failed = madvise(buffer->addr, page_bytes(), MADV_SOFT_OFFLINE);
    int error = errno;
    ktap_note("of a pinned page: %s", failed ? strerror(error) : "success");
    if (!failed) ktap_fail("a pinned page was taken out of use");
    if (failed && error == EINVAL) ktap_skip("no MADV_SOFT_OFFLINE (CONFIG_MEMORY_FAILURE)");
    if (failed && error != EBUSY && error != EINVAL) ktap_fail("of a pinned page: %s", strerror(error));
    if (pagemap_pfn(buffer->addr) != frame) ktap_fail("a pinned page moved");
    if (pagemap_flags(frame) & PAGEMAP_HWPOISON) ktap_fail("a pinned page is marked as poisoned");
    pattern_fill(buffer->addr, page_bytes(), new_seed, 0);
    hold_check(&hold, 0, page_bytes(), new_seed, "after soft offlining was refused");
  }
  hold_close(&hold);
}

static void soft_offline(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, *kind, page_bytes())) return;
  pattern_fill(buffer.addr, page_bytes(), seed, 0);
  uint64_t frame = pagemap_pfn(buffer.addr);
  if (frame == 0) ktap_fail("no frame in /proc/self/pagemap");
  pinned(&buffer, frame);
  if (!ktap_failed() && *kind == BUFFER_PAGES) {
    // The same page, not held: it is migrated, with its data.
    if (madvise(buffer.addr, page_bytes(), MADV_SOFT_OFFLINE) < 0)
      ktap_fail("of an unpinned page: %s", strerror(errno));
    else if (pagemap_pfn(buffer.addr) == frame)
      ktap_fail("the page did not move");
    if (pattern_check(buffer.addr, page_bytes(), new_seed, 0) >= 0) ktap_fail("data lost");
  }
  buffer_put(&buffer);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP;
  static const struct ktap_case cases[] = {
      {"page", soft_offline, &page},
      {"thp", soft_offline, &thp},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
