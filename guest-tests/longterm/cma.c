// SPDX-License-Identifier: GPL-2.0
// A CMA area lends its pages to movable allocations. A long-term pin migrates them out first (mm/gup.c,
// check_and_migrate_movable_pages()), so that they are pinned twice and the area can still be allocated as a
// whole; a direct read pins them in place, and allocating the area must wait for its end.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "aio.h"
#include "fixed.h"
#include "mr.h"
#include "pagemap.h"
#include "place.h"
#include "uring.h"

// Up to 5.10 it is called cma-reserved.
static const char* area(void) {
  static const char old[] = "/sys/kernel/debug/cma/cma-reserved";
  return access(old, F_OK) == 0 ? old : "/sys/kernel/debug/cma/reserved";
}

enum { seed = 91, fill = 0x5a, tag = 1, answer_ms = 20000, tries = 64 };

static int open_file(const char* name) {
  char path[80];
  snprintf(path, sizeof(path), "%s/%s", area(), name);
  return open(path, O_WRONLY | O_CLOEXEC);
}

static long long area_number(const char* name) {
  char path[80];
  long long value = -1;
  snprintf(path, sizeof(path), "%s/%s", area(), name);
  FILE* file = fopen(path, "re");
  if (file && fscanf(file, "%lld", &value) != 1) value = -1;
  if (file) fclose(file);
  return value;
}

// Without the part allocated by drivers, from its beginning: "maxchunk" is the unallocated rest, lent or not.
static size_t in_area(const uint64_t* frames, size_t count) {
  uint64_t pages = (uint64_t)area_number("maxchunk");
  uint64_t first = (uint64_t)(area_number("base_pfn") + area_number("count")) - pages;
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) found += frames[i] >= first && frames[i] < first + pages;
  return found;
}

// Asks for all of that at once, which moves away what moves, and releases it. 0, or errno.
static int take_whole_area(void) {
  char count[24];
  int length = snprintf(count, sizeof(count), "%lld", area_number("maxchunk"));
  int take = open_file("alloc"), give = open_file("free");
  int error = take < 0 || give < 0 || write(take, count, (size_t)length) < 0 ? errno : 0;
  if (error == 0 && write(give, count, (size_t)length) < 0)
    ktap_fail("the area does not accept its pages back");
  if (take >= 0) close(take);
  if (give >= 0) close(give);
  return error;
}

static void area_is_free(const char* when) {
  int error = take_whole_area();
  if (error) ktap_fail("%s the area cannot be allocated as a whole: %s", when, strerror(error));
}

// A written buffer, every page of which is in the area; `frames` says where. The area lends from the moment
// on when it is more than half of the free memory (mm/page_alloc.c, __rmqueue()), a few pages from elsewhere
// may come first.
static bool prepare(struct buffer* buffer, enum buffer_kind kind, uint64_t* frames) {
  struct buffer misses[tries];
  int missed = 0;
  bool found = false, good = true;
  if (area_number("count") <= 0) return ktap_skip("no contiguous memory area (cma=, CMA_DEBUGFS)");
  while (!found && good && missed < tries) {
    good = buffer_get(buffer, kind, MR_PAGES * page_bytes());
    if (good) pattern_fill(buffer->addr, MR_PAGES * page_bytes(), seed, 0);
    if (good && !pagemap_pfns(buffer->addr, MR_PAGES * page_bytes(), frames)) good = false;
    found = good && in_area(frames, MR_PAGES) == MR_PAGES;
    if (good && !found) misses[missed++] = *buffer;
  }
  for (int i = 0; i < missed; ++i) buffer_put(&misses[i]);
  if (found) ktap_note("buffer %d is in the area", missed + 1);
  return found || (good && ktap_fail("none of %d buffers came from the area", tries));
}

static void left_the_area(struct buffer* buffer, const uint64_t* before) {
  uint64_t now[MR_PAGES];
  if (!pagemap_pfns(buffer->addr, MR_PAGES * page_bytes(), now)) return;
  size_t still = in_area(now, MR_PAGES), moved = pagemap_moved(buffer->addr, MR_PAGES * page_bytes(), before);
  if (still || moved != MR_PAGES)
    ktap_fail("%zu of %d pages moved, %zu are pinned in the area", moved, MR_PAGES, still);
  area_is_free("with a long-term pin");
  if (pattern_check(buffer->addr, MR_PAGES * page_bytes(), seed, 0) >= 0) ktap_fail("data lost");
}

static void registered_buffer(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  struct pins before;
  uint64_t frames[MR_PAGES];
  int ring = uring_open();
  if (ring < 0) return;
  // The probe for coalescing takes pages of its own: first, so that it does not move those that are measured.
  bool ready = (*kind != BUFFER_THP || caps_iou_coalesce() >= 0) && prepare(&buffer, *kind, frames);
  if (ready && pins_begin(&before)) {
    long long held = fixed_held(buffer.addr, MR_PAGES * page_bytes(), *kind == BUFFER_THP ? thp_bytes() : 0);
    int error = uring_register(ring, buffer.addr, MR_PAGES * page_bytes());
    if (error) ktap_fail("registering: %s", strerror(-error));
    pins_expect(&before, 2 * MR_PAGES, 2 * MR_PAGES - held);
    left_the_area(&buffer, frames);
    uring_unregister(ring);
    pins_expect(&before, 0, held);
    buffer_put(&buffer);
  }
  close(ring);
}

static void region(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  uint64_t frames[MR_PAGES];
  if (link_open(&link) && prepare(&buffer, *kind, frames) && pins_begin(&before)) {
    struct ibv_mr* mr = ibv_reg_mr(link.domain, buffer.addr, MR_PAGES * page_bytes(), IBV_ACCESS_LOCAL_WRITE);
    if (!mr) ktap_fail("ibv_reg_mr: %s", strerror(errno));
    pins_expect(&before, 2 * MR_PAGES, MR_PAGES);
    left_the_area(&buffer, frames);
    mr_drop(mr, MR_PAGES, &before);
    buffer_put(&buffer);
  }
  link_close(&link);
}

// In flight: submitted, its memory taken, its data held back.
static void direct_read_stays(const void* arg) {
  (void)arg;
  struct place place;
  struct buffer buffer;
  struct aio aio;
  struct pins before;
  uint64_t frames[MR_PAGES];
  long result = 0;
  if (place_open(&place, PLACE_BDEV, true, fill) && prepare(&buffer, BUFFER_PAGES, frames)) {
    if (pins_begin(&before) && aio_open(&aio, 4)) {
      bool good = place_hold(&place) && aio_read(&aio, place.fd, buffer.addr, buffer.size, 0, tag);
      if (pagemap_moved(buffer.addr, buffer.size, frames)) ktap_fail("pages moved for a short-term pin");
      if (good && take_whole_area() == 0)
        ktap_fail("the area could be allocated as a whole during a direct read");
      if (pagemap_moved(buffer.addr, buffer.size, frames)) ktap_fail("pages moved during a direct read");
      place_release(&place);
      if (good && aio_reap(&aio, answer_ms, &result) != tag) ktap_fail("the read did not end");
      if (good && result != (long)buffer.size) ktap_fail("the read gave %ld", result);
      aio_close(&aio);
      long long pages = place.mode == MODE_PIN ? MR_PAGES : 0;
      pins_expect(&before, pages, pages);
      for (size_t i = 0; i < buffer.size && !ktap_failed(); ++i)
        if (buffer.addr[i] != fill) ktap_fail("byte %zu is not what was read", i);
      area_is_free("after a direct read");
    }
    buffer_put(&buffer);
  }
  place_close(&place);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"registered_buffer", registered_buffer, &page},
      {"registered_thp", registered_buffer, &thp},
      {"region", region, &page},
      {"region_of_memfd", region, &memfd},
      {"direct_read_stays", direct_read_stays, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
