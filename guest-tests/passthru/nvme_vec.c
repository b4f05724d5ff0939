// SPDX-License-Identifier: GPL-2.0
// Passthrough with iovecs: NVME_IOCTL_IO64_CMD_VEC on the block and the generic device, NVME_URING_CMD_IO_VEC
// on a ring. A drive without SGLs (PRPs, that is a virtual boundary) accepts segments that begin and end at
// page boundaries, except at the two ends; everything else is copied and pins nothing (block/blk-map.c
// blk_rq_map_user_iov). So segments that share a page are copied; on 7.3 only where the drive has a boundary
// (virt_boundary_mask), which one with SGLs has not: there they are pinned. passthru/sg_io tests those, too.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buffers.h"
#include "devices.h"
#include "ktap.h"
#include "nvme_shapes.h"
#include "pieces.h"
#include "pins.h"
#include "transfer.h"

static const struct pieces shapes[] = {
    {"1_page", BUFFER_PAGES, 1, {{0, 0, 1, 0}}, false},
    {"2_pages_apart", BUFFER_PAGES, 2, {{0, 0, 1, 0}, {2, 0, 1, 0}}, false},
    {"4_pages_backwards", BUFFER_PAGES, 4, {{6, 0, 1, 0}, {4, 0, 1, 0}, {2, 0, 1, 0}, {0, 0, 1, 0}}, false},
    {"4x2_pages_apart", BUFFER_PAGES, 4, {{0, 0, 2, 0}, {3, 0, 2, 0}, {6, 0, 2, 0}, {9, 0, 2, 0}}, false},
    {"ends_inside_pages", BUFFER_PAGES, 2, {{0, 512, 1, -512}, {2, 0, 0, 512}}, false},
    {"same_page_twice", BUFFER_PAGES, 2, {{0, 0, 0, 512}, {0, 512, 0, 512}}, false},
    {"gap_in_page", BUFFER_PAGES, 2, {{0, 0, 0, 512}, {0, 2048, 0, 512}}, false},
    {"one_at_2_copied", BUFFER_PAGES, 2, {{0, 0, 1, 0}, {2, 2, 1, 0}}, true},
    {"memfd_2_pages_apart", BUFFER_MEMFD, 2, {{0, 0, 1, 0}, {2, 0, 1, 0}}, false},
    {"memfd_same_page_twice", BUFFER_MEMFD, 2, {{0, 0, 0, 512}, {0, 512, 0, 512}}, false},
    {"hugetlb_3_pieces", BUFFER_HUGETLB, 3, {{1, 0, 1, 0}, {5, 0, 2, 0}, {3, 0, 1, 0}}, false},
};
enum { shape_count = sizeof(shapes) / sizeof(shapes[0]) };

enum by { BY_BLOCK, BY_GENERIC, BY_RING, ways };
static const char* const way_names[ways] = {"block", "generic", "uring"};

struct trial {
  const struct pieces* shape;
  enum by by;
  bool write;
};

// -ENODEV: the drive has no such way in.
static int submit(enum by by, const struct nvme_io* io) {
  struct nvme nvme;
  struct ring ring;
  int status = -ENODEV;
  if (!nvme_open(&nvme, DRIVE_RAW, 1, by != BY_BLOCK)) return status;
  if (by != BY_RING) {
    status = nvme_io64_cmd(&nvme, io);
  } else if (ring_open(&ring, 4, nvme_ring_flags)) {
    status = nvme_uring_cmd(&nvme, &ring, io, false);
    ring_close(&ring);
  }
  nvme_close(&nvme);
  return status;
}

// Has the drive a boundary that a segment before the end, or after the beginning, does not lie at?
static bool has_gap(const struct iovec* vec, int count) {
  char path[300];
  const long known =
      device_find(DRIVE_RAW, 1, path, sizeof(path)) ? device_queue_attribute(path, "virt_boundary_mask") : -1;
  // Without the attribute every NVMe drive has the boundary of its pages.
  const unsigned long mask = known < 0 ? 4095 : (unsigned long)known;
  unsigned long meets = 0;
  for (int i = 1; i < count; ++i)
    meets |= (unsigned long)vec[i].iov_base | ((unsigned long)vec[i - 1].iov_base + vec[i - 1].iov_len);
  return (meets & mask) != 0;
}

static void carry_out(const void* arg) {
  static unsigned seed = 500;
  const struct trial* trial = arg;
  const struct pieces* shape = trial->shape;
  struct iovec vec[pieces_most];
  struct buffer buffer;
  struct pins before;
  long long pages;
  long huge_before = hugetlb_free();
  if (nvme_counted(0) < 0 || !buffer_get(&buffer, shape->kind, pieces_extent(shape))) return;
  size_t total = pieces_lay_out(shape, &buffer, vec, &pages);
  struct nvme_io io = {
      .write = trial->write, .addr = vec, .vectors = (unsigned)shape->count, .offset = nvme_target.offset};
  ++seed;
  if (trial->write) pieces_fill(vec, shape->count, seed);
  if ((trial->write || transfer_store(&nvme_target, total, seed)) && pins_begin(&before)) {
    const int status = submit(trial->by, &io);
    const bool there = status != -ENODEV && status != -ENOTTY;
    if (status == -ENOTTY) ktap_skip("no NVME_IOCTL_IO64_CMD_VEC (since 5.18)");
    if (there && status != 0)
      ktap_fail("the command gave %d (%s)", status, status < 0 ? strerror(-status) : "NVMe status");
    const bool copied = shape->copied || has_gap(vec, shape->count);
    long long want = copied || !there ? 0 : nvme_counted(pages);
    pins_expect(&before, want, want);
    if (there && trial->write)
      transfer_compare(&nvme_target, total, seed);
    else if (there)
      pieces_check(vec, shape->count, seed);
  }
  if (shape->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (shape->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static struct trial trials[2 * ways * shape_count];
  static char names[2 * ways * shape_count][64];
  static struct ktap_case cases[2 * ways * shape_count];
  size_t count = 0;
  for (int by = 0; by < ways; ++by) {
    for (int write = 0; write < 2; ++write) {
      for (int i = 0; i < shape_count; ++i, ++count) {
        trials[count] = (struct trial){&shapes[i], (enum by)by, write};
        snprintf(names[count], sizeof(names[count]), "%s_%s_%s", way_names[by], write ? "write" : "read",
                 shapes[i].name);
        cases[count] = (struct ktap_case){names[count], carry_out, &trials[count]};
      }
    }
  }
  return ktap_run(cases, count);
}
