// SPDX-License-Identifier: GPL-2.0
// How pins are counted in a page, seen by dump_page() through the gup_test driver: exactly in a large folio
// (_pincount, mm/gup.c), and for a single page as 1024 references each (GUP_PIN_COUNTING_BIAS), which is why
// 1024 plain references look like a pin.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/obligations.h"
#include "gupdrv.h"
#include "kmsg.h"
#include "ktap.h"
#include "pins.h"

enum { bias = 1024 };

// Of the last dump in the log: a number after `name`, or -1. A single page has only "refcount:".
static long dumped(int log, const char* name) {
  char line[400];
  long found = -1;
  // "head: order:9 ... pincount:512" follows the line of the page; older kernels say compound_pincount.
  while (kmsg_find(log, name, line, sizeof(line))) {
    ktap_note("%s", line);
    found = kmsg_number(line, name);
  }
  return found;
}

// References of the buffer's first page while it is not pinned: one of its mapping, and one of the per-CPU
// LRU batch as long as the page is in it (mm/swap.c, folio_add_lru()). The batch may be drained at any time.
static long resting(int driver, int log, struct buffer* buffer) {
  struct gup_request request = {.flags = GUP_WRITE, .dump = {1}, .pages_per_call = 1};
  kmsg_rewind(log);
  if (!gupdrv_run(driver, GUP_DUMP, buffer->addr, page_bytes(), &request)) return -1;
  long seen = dumped(log, "refcount:");
  if (seen != 2 && seen != 3) ktap_fail("a page referenced once has %ld references", seen);
  return seen - 1;
}

// Each pin is an access (FOLL_TOUCH). The second one moves the page to the active list, by way of a batch.
// Once it is there, it is in no batch any more (folio_mark_accessed()).
static void settle_on_list(int driver, int log, struct buffer* buffer) {
  resting(driver, log, buffer);
  resting(driver, log, buffer);
  contract_drop_caches();
}

struct want {
  enum buffer_kind kind;
  bool pin;
  int pages;  // 0: all of the buffer
  int times;  // one after another: what the first leaves behind, the second shows
};

static void measure(const struct want* want, int driver, int log, struct buffer* buffer) {
  size_t pages = want->pages ? (size_t)want->pages : buffer->size / page_bytes();
  bool large = want->kind == BUFFER_THP || want->kind == BUFFER_HUGETLB;
  if (!large) settle_on_list(driver, log, buffer);
  long rest = resting(driver, log, buffer);
  for (int i = 0; i < want->times && !ktap_failed(); ++i) {
    struct gup_request request = {.flags = GUP_WRITE,
                                  .test_flags = want->pin ? GUP_DUMP_PINS : 0,
                                  .dump = {1},
                                  .pages_per_call = (__u32)pages};
    struct pins before;
    kmsg_rewind(log);
    if (!pins_begin(&before)) return;
    if (!gupdrv_run(driver, GUP_DUMP, buffer->addr, pages * page_bytes(), &request)) return;
    pins_expect(&before, want->pin ? (long long)pages : 0, want->pin ? (long long)pages : 0);
    if (request.size != pages * page_bytes()) ktap_fail("%lld bytes were pinned", (long long)request.size);
    long seen = dumped(log, large ? "pincount:" : "refcount:");
    long more = want->pin ? bias : 1;
    long later = !large && seen != rest + more ? resting(driver, log, buffer) : rest;
    if (later < rest) rest = later;
    long wanted = !large ? rest + more : want->pin ? (long)pages : 0;
    if (seen != wanted) ktap_fail("dump %d says %ld, want %ld", i + 1, seen, wanted);
  }
}

static void count(const void* arg) {
  const struct want* want = arg;
  struct buffer buffer;
  int driver = gupdrv_open();
  if (driver < 0) return;
  int log = kmsg_open();
  if (log >= 0 && buffer_get(&buffer, want->kind, page_bytes())) {
    measure(want, driver, log, &buffer);
    buffer_put(&buffer);
  }
  if (log >= 0) close(log);
  close(driver);
}

int main(void) {
  static const struct want page = {BUFFER_PAGES, true, 1, 1};
  static const struct want page_twice = {BUFFER_PAGES, true, 1, 2};
  static const struct want page_get = {BUFFER_PAGES, false, 1, 1};
  static const struct want thp = {BUFFER_THP, true, 0, 1};
  static const struct want thp_twice = {BUFFER_THP, true, 0, 2};
  static const struct want thp_3 = {BUFFER_THP, true, 3, 2};
  static const struct want thp_get = {BUFFER_THP, false, 0, 1};
  static const struct want hugetlb = {BUFFER_HUGETLB, true, 0, 2};
  static const struct want hugetlb_1 = {BUFFER_HUGETLB, true, 1, 2};
  static const struct ktap_case cases[] = {
      {"page_is_1024_references", count, &page},
      {"page_twice", count, &page_twice},
      {"page_get_is_one_reference", count, &page_get},
      {"thp_exact", count, &thp},
      {"thp_twice", count, &thp_twice},
      {"thp_3_pages", count, &thp_3},
      {"thp_get_is_no_pin", count, &thp_get},
      {"hugetlb_exact", count, &hugetlb},
      {"hugetlb_1_page", count, &hugetlb_1},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
