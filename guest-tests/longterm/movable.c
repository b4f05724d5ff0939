// SPDX-License-Identifier: GPL-2.0
// Pages in ZONE_MOVABLE must stay movable: a long-term pin migrates them out first (mm/gup.c,
// check_and_migrate_movable_pages()), a short-term one leaves them in place.
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "caps.h"
#include "devices.h"
#include "fixed.h"
#include "mr.h"
#include "pagemap.h"
#include "uring.h"

enum { seed = 84 };

// Written pages of which at least one is movable; `frames` says where they are.
static bool prepare(struct buffer* buffer, enum buffer_kind kind, uint64_t* frames) {
  if (!pagemap_have_movable_zone()) return ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
  if (!buffer_get(buffer, kind, MR_PAGES * page_bytes())) return false;
  pattern_fill(buffer->addr, MR_PAGES * page_bytes(), seed, 0);
  if (!pagemap_pfns(buffer->addr, MR_PAGES * page_bytes(), frames)) return false;
  size_t movable = pagemap_in_movable(frames, MR_PAGES);
  ktap_note("%zu of %d pages in ZONE_MOVABLE", movable, MR_PAGES);
  return movable > 0 || ktap_skip("none of the pages came from ZONE_MOVABLE");
}

static void left_the_zone(struct buffer* buffer, const uint64_t* before) {
  uint64_t now[MR_PAGES];
  if (!pagemap_pfns(buffer->addr, MR_PAGES * page_bytes(), now)) return;
  size_t still = pagemap_in_movable(now, MR_PAGES),
         moved = pagemap_moved(buffer->addr, MR_PAGES * page_bytes(), before);
  ktap_note("%zu of %d frames changed, %zu are in ZONE_MOVABLE", moved, MR_PAGES, still);
  if (still) ktap_fail("%zu pages are pinned long-term in ZONE_MOVABLE", still);
  if (moved < pagemap_in_movable(before, MR_PAGES)) ktap_fail("only %zu pages moved", moved);
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
    int error = uring_register(ring, buffer.addr, MR_PAGES * page_bytes());
    if (error) ktap_fail("registering: %s", strerror(-error));
    pins_expect_at_least(
        &before, MR_PAGES,
        fixed_held(buffer.addr, MR_PAGES * page_bytes(), *kind == BUFFER_THP ? thp_bytes() : 0));
    left_the_zone(&buffer, frames);
    uring_unregister(ring);
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
  if (link_open(&link) && prepare(&buffer, *kind, frames)) {
    struct ibv_mr* mr = mr_hold(&link, buffer.addr, MR_PAGES * page_bytes(), IBV_ACCESS_LOCAL_WRITE, &before);
    if (mr) left_the_zone(&buffer, frames);
    mr_drop(mr, MR_PAGES, &before);
    buffer_put(&buffer);
  }
  link_close(&link);
}

static void af_xdp(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  uint64_t frames[MR_PAGES];
  int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    ktap_skip("AF_XDP: %s (XDP_SOCKETS)", strerror(errno));
    return;
  }
  if (prepare(&buffer, BUFFER_PAGES, frames) && pins_begin(&before)) {
    struct xdp_umem_reg umem = {
        .addr = (unsigned long)buffer.addr, .len = MR_PAGES * page_bytes(), .chunk_size = 2048};
    if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) < 0)
      ktap_fail("XDP_UMEM_REG: %s", strerror(errno));
    pins_expect_longterm(&before, MR_PAGES);
    left_the_zone(&buffer, frames);
    close(fd);
    fd = -1;
    pins_expect(&before, 0, MR_PAGES);
    buffer_put(&buffer);
  }
  if (fd >= 0) close(fd);
}

// Short: direct I/O pins them where they are.
static void direct_read_stays(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  uint64_t frames[MR_PAGES];
  enum pin_mode mode = caps_dio_bdev();
  if (mode == MODE_UNKNOWN) return;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (fd >= 0 && prepare(&buffer, BUFFER_PAGES, frames) && pins_begin(&before)) {
    ssize_t got = pread(fd, buffer.addr, buffer.size, 0);
    if (got != (ssize_t)buffer.size) ktap_fail("%zd bytes: %s", got, strerror(errno));
    long long pages = mode == MODE_PIN ? MR_PAGES : 0;
    pins_expect(&before, pages, pages);
    if (pagemap_moved(buffer.addr, buffer.size, frames)) ktap_fail("pages moved for a short-term pin");
    buffer_put(&buffer);
  }
  if (fd >= 0) close(fd);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"registered_buffer", registered_buffer, &page},
      {"registered_thp", registered_buffer, &thp},
      {"region", region, &page},
      {"region_of_thp", region, &thp},
      {"region_of_memfd", region, &memfd},
      {"af_xdp", af_xdp, NULL},
      {"direct_read_stays", direct_read_stays, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
