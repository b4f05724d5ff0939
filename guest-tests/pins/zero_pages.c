// SPDX-License-Identifier: GPL-2.0
// Which zero pages are counted: the small one never; the huge one is, because it is an ordinary folio to
// mm/gup.c; and a long-term pin of either first replaces it by a private page, which is counted: for writing
// always, for reading only (with FAULT_FLAG_UNSHARE) if the kernel has the capability lt.unshare.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "gupdrv.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "proc.h"
#include "uring.h"

enum { pages = 16 };

// A buffer of `kind` whose pages are the zero page. False: the running case has been skipped or failed.
static bool zero_buffer(struct buffer* buffer, enum buffer_kind kind) {
  unsigned sum = 0;
  if (!buffer_get(buffer, kind, pages * page_bytes())) return false;
  madvise(buffer->addr, buffer->size, MADV_DONTNEED);
  for (size_t i = 0; i < buffer->size; i += page_bytes()) sum += ((volatile unsigned char*)buffer->addr)[i];
  // Base pages share one frame, a huge zero page is in a row.
  bool shared = pagemap_pfn(buffer->addr) == pagemap_pfn(buffer->addr + page_bytes());
  if (sum != 0 || (kind == BUFFER_PAGES && !shared)) return ktap_fail("the zero page is not mapped");
  return true;
}

static void process_vm(const void* arg) {
  enum buffer_kind kind = *(const enum buffer_kind*)arg;
  struct buffer zero, local;
  struct pins before;
  if (!buffer_get(&local, BUFFER_PAGES, pages * page_bytes())) return;
  if (zero_buffer(&zero, kind)) {
    if (pins_begin(&before)) {
      ssize_t got = proc_vm_read(local.addr, zero.addr, local.size);
      if (got != (ssize_t)local.size) ktap_fail("process_vm_readv gave %zd: %s", got, strerror(errno));
      pins_expect(&before, kind == BUFFER_THP ? pages : 0, kind == BUFFER_THP ? pages : 0);
      for (size_t i = 0; i < local.size && !ktap_failed(); ++i)
        if (local.addr[i] != 0) ktap_fail("byte %zu of the zero page is not zero", i);
    }
    buffer_put(&zero);
  }
  buffer_put(&local);
}

// What was found by the page frames must fit what was counted, and what is stated of this kernel, if
// anything.
static void judge_unshared(struct pins* before, enum buffer_kind kind, bool unshared) {
  caps_found("lt.unshare", unshared ? "yes" : "no");
  if (unshared || kind == BUFFER_THP) {
    // Twice where the new pages were movable, and had to move.
    pins_expect_at_least(before, pages, 0);
    return;
  }
  pins_expect(before, 0, 0);
  // The driver looks whether its pages are pinned, and does not know that the zero page never is.
  ktap_expect_kernel("mm/gup_test.c");
}

// The kernel's own driver, as it asks for reading only.
static void longterm_for_reading(const void* arg) {
  enum buffer_kind kind = *(const enum buffer_kind*)arg;
  struct buffer zero;
  struct pins before;
  struct gup_request request = {.pages_per_call = pages};
  int driver = gupdrv_open();
  if (driver < 0) return;
  if (zero_buffer(&zero, kind)) {
    uint64_t shared = pagemap_pfn(zero.addr);
    if (pins_begin(&before) && gupdrv_run(driver, PIN_LONGTERM, zero.addr, pages * page_bytes(), &request)) {
      if (request.size != pages * page_bytes())
        ktap_fail("%llu bytes were pinned", (unsigned long long)request.size);
      judge_unshared(&before, kind, pagemap_pfn(zero.addr) != shared);
    }
    buffer_put(&zero);
  }
  close(driver);
}

static void longterm_for_writing(const void* arg) {
  (void)arg;
  struct buffer zero, fresh;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (zero_buffer(&zero, BUFFER_PAGES)) {
    if (pins_begin(&before)) {
      int error = uring_register(ring, zero.addr, zero.size);
      if (error) ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
      pins_expect_longterm(&before, pages);
      memset(zero.addr, 0x33, zero.size);
      error = uring_unregister(ring);
      if (error) ktap_fail("IORING_UNREGISTER_BUFFERS: %s", strerror(-error));
      pins_expect(&before, 0, pages);
    }
    if (zero_buffer(&fresh, BUFFER_PAGES)) buffer_put(&fresh);
    buffer_put(&zero);
  }
  close(ring);
}

int main(void) {
  static const enum buffer_kind base = BUFFER_PAGES, thp = BUFFER_THP;
  static const struct ktap_case cases[] = {
      {"process_vm_of_zero_page", process_vm, &base},
      {"process_vm_of_huge_zero_page", process_vm, &thp},
      {"longterm_for_reading_of_zero_page", longterm_for_reading, &base},
      {"longterm_for_reading_of_huge_zero_page", longterm_for_reading, &thp},
      {"longterm_for_writing_of_zero_page", longterm_for_writing, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
