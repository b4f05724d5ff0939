// SPDX-License-Identifier: GPL-2.0
// fork() while a direct read is in flight, on every kind of target, with the data held back by a suspended
// device-mapper device: no race and no timing. The parent submits a read, forks, writes to the last byte of
// the page, and resumes the device. A pinned page stays with the parent; with a plain reference the parent's
// write moves it to a copy and the read is lost. bio/dio_fork does the same on a throttled NVMe drive.
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "place.h"
#include "proc.h"

enum { sector = 512, stale = 0xaa, fresh = 0xc3, mark = 0xab, answer_ms = 20000, tag = 1 };

struct fork_case {
  enum place_kind place;
  enum buffer_kind kind;
  bool child_writes;  // the child writes to the page, not the parent
};

struct seen {
  long result;           // of the read
  bool in_time;          // nothing had come before everybody had written
  unsigned char parent;  // first byte as each sees it afterwards
  unsigned char child;
};

static void child_side(const struct fork_case* c, const struct buffer* target, const struct rendezvous* look,
                       const struct rendezvous* report) {
  unsigned char go;
  if (c->child_writes) target->addr[page_bytes() - 1] = mark;
  if (!rendezvous_send(report, 0) || !rendezvous_wait(look, &go, answer_ms)) _exit(1);
  _exit(rendezvous_send(report, target->addr[0]) ? 0 : 2);
}

static bool fork_and_write(const struct fork_case* c, struct place* place, struct aio* aio,
                           const struct buffer* target, struct seen* out) {
  struct rendezvous look, report;
  unsigned char ready;
  if (!rendezvous_open(&look) || !rendezvous_open(&report)) return false;
  pid_t child = proc_fork();
  if (child == 0) child_side(c, target, &look, &report);
  bool good =
      child > 0 && (rendezvous_wait(&report, &ready, answer_ms) || ktap_fail("the child did not start"));
  if (good && !c->child_writes) target->addr[page_bytes() - 1] = mark;
  out->in_time = aio_reap(aio, 0, &out->result) == 0;
  good = place_release(place) && good;
  if (good && out->in_time)
    good = aio_reap(aio, answer_ms, &out->result) == tag || ktap_fail("the read did not end");
  out->parent = target->addr[0];
  if (child > 0) {
    good = rendezvous_send(&look, 1) && rendezvous_wait(&report, &out->child, answer_ms) && good;
    if (proc_reap(child, answer_ms) != 0) good = ktap_fail("the child could not report");
  }
  rendezvous_close(&look);
  rendezvous_close(&report);
  return good;
}

static void judge(const struct fork_case* c, const struct place* place, const struct seen* seen,
                  const struct buffer* target) {
  bool kept = seen->parent == fresh && seen->child == stale;
  ktap_note("parent sees %02x (medium: %02x), child sees %02x (before: %02x)", seen->parent, fresh,
            seen->child, stale);
  KTAP_REQUIRE(seen->result == sector, "the read gave %ld", seen->result);
  KTAP_REQUIRE(seen->in_time, "the read ended while its device was suspended");
  if (!c->child_writes)
    KTAP_REQUIRE(target->addr[page_bytes() - 1] == mark, "the parent's own write is gone");
  if (place->mode == MODE_PIN) {
    KTAP_REQUIRE(kept, "%s",
                 seen->parent == fresh ? "the child sees the parent's read"
                                       : "a direct read was lost to fork(): the page is not pinned");
  } else if (c->child_writes) {
    // The child moves to a copy, and the page stays the parent's, pinned or not.
    KTAP_REQUIRE(kept, "the data is not in the parent's page");
  } else if (kept) {
    ktap_xpass("this kind of direct I/O takes plain references here, but the read was not lost");
  } else if (seen->parent == stale && seen->child == fresh) {
    ktap_xfail("this kind of direct I/O takes plain references here: fork() loses the read");
  } else {
    ktap_fail("neither kept nor lost: the data is in none of the possible places");
  }
}

static void fork_in_flight(const void* arg) {
  const struct fork_case* c = arg;
  struct place place;
  struct buffer target;
  struct aio aio;
  struct pins before;
  struct seen seen = {0};
  long huge_before = hugetlb_free();
  if (place_open(&place, c->place, true, fresh) && buffer_get(&target, c->kind, page_bytes())) {
    memset(target.addr, stale, page_bytes());
    if (pins_begin(&before) && aio_open(&aio, 4)) {
      bool good = place_hold(&place) && aio_read(&aio, place.fd, target.addr, sector, 0, tag);
      if (good)
        good = fork_and_write(c, &place, &aio, &target, &seen);
      else
        place_release(&place);
      aio_close(&aio);
      long long pages = place.mode == MODE_PIN ? 1 : 0;
      pins_expect(&before, pages, pages + place_skew(&place, 1));
      if (good) judge(c, &place, &seen, &target);
    }
    buffer_put(&target);
    if (c->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  place_close(&place);
}

int main(void) {
  static const struct fork_case bdev = {PLACE_BDEV, BUFFER_PAGES, false},
                                bdev_thp = {PLACE_BDEV, BUFFER_THP, false};
  static const struct fork_case ext4 = {PLACE_EXT4, BUFFER_PAGES, false},
                                ext4_thp = {PLACE_EXT4, BUFFER_THP, false};
  static const struct fork_case vfat = {PLACE_VFAT, BUFFER_PAGES, false},
                                vfat_thp = {PLACE_VFAT, BUFFER_THP, false};
  static const struct fork_case ext4_huge = {PLACE_EXT4, BUFFER_HUGETLB, false},
                                vfat_huge = {PLACE_VFAT, BUFFER_HUGETLB, false};
  static const struct fork_case bdev_child = {PLACE_BDEV, BUFFER_PAGES, true},
                                ext4_child = {PLACE_EXT4, BUFFER_PAGES, true};
  static const struct fork_case vfat_child = {PLACE_VFAT, BUFFER_PAGES, true},
                                ext4_child_thp = {PLACE_EXT4, BUFFER_THP, true};
  static const struct ktap_case cases[] = {
      {"bdev", fork_in_flight, &bdev},
      {"bdev_thp", fork_in_flight, &bdev_thp},
      {"ext4", fork_in_flight, &ext4},
      {"ext4_thp", fork_in_flight, &ext4_thp},
      {"ext4_hugetlb", fork_in_flight, &ext4_huge},
      {"vfat", fork_in_flight, &vfat},
      {"vfat_thp", fork_in_flight, &vfat_thp},
      {"vfat_hugetlb", fork_in_flight, &vfat_huge},
      {"bdev_child_writes", fork_in_flight, &bdev_child},
      {"ext4_child_writes", fork_in_flight, &ext4_child},
      {"ext4_thp_child_writes", fork_in_flight, &ext4_child_thp},
      {"vfat_child_writes", fork_in_flight, &vfat_child},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
