// SPDX-License-Identifier: GPL-2.0
// Two IOMMU groups in one container: what is mapped is pinned once for both, and stays until the last of them
// has left. Where a group cannot join the domain of the other one, it gets a domain of its own, into which
// all mappings are entered again (drivers/vfio/vfio_iommu_type1.c vfio_iommu_replay()): an allocation that
// fails at the right moment does that.
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "vfio.h"

enum { pages = 16, apart = 5, most_faults = 200, both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };
#define SECOND_IOVA (VFIO_IOVA + (1ull << 30))

struct groups {
  struct vfio vfio;
  struct vfio_second second;
  struct buffer near, far;
  unsigned char* scattered;  // the pages of `far`, so that no two frames are neighbors
  struct pins before;
};

static unsigned char* scatter(int memfd, size_t length) {
  const size_t page = page_bytes();
  unsigned char* area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
  for (size_t i = 0; area != MAP_FAILED && i < length / page; ++i) {
    const off_t at = (off_t)(i * apart % (length / page) * page);
    if (mmap(area + i * page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, at) == MAP_FAILED)
      return MAP_FAILED;
    area[i * page] = 1;
  }
  return area;
}

static bool map_both(struct groups* g) {
  int error = vfio_map(&g->vfio, g->near.addr, g->near.size, VFIO_IOVA, both);
  if (!error) error = vfio_map(&g->vfio, g->scattered, g->far.size, SECOND_IOVA, both);
  if (error) return ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
  return vfio_expect_held(&g->vfio, &g->before, 2 * pages);
}

static void unmap_both(struct groups* g) {
  size_t done;
  const int error = vfio_unmap_all(&g->vfio, &done);
  if (error || done != g->near.size + g->far.size)
    ktap_fail("VFIO_DMA_UNMAP_FLAG_ALL: %s, %zu bytes", strerror(error), done);
  pins_expect(&g->before, 0, 2 * pages);
}

static bool groups_open(struct groups* g) {
  const struct buffer none = {.map = MAP_FAILED, .fd = -1};
  *g = (struct groups){.vfio = {-1, -1, -1}, .second = {"", -1}, .near = none, .far = none};
  g->scattered = MAP_FAILED;
  if (!vfio_open(&g->vfio) || !vfio_second_open(&g->second) ||
      !buffer_get(&g->near, BUFFER_PAGES, pages * page_bytes()) ||
      !buffer_get(&g->far, BUFFER_MEMFD, pages * page_bytes()))
    return false;
  g->scattered = scatter(g->far.fd, g->far.size);
  if (g->scattered == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  return pins_begin(&g->before);
}

static void groups_close(struct groups* g) {
  vfio_close(&g->vfio);
  vfio_second_close(&g->second);
  if (g->scattered != MAP_FAILED) munmap(g->scattered, g->far.size);
  buffer_put(&g->near);
  buffer_put(&g->far);
}

// 0, or the errno value.
static int join(struct groups* g) {
  return ioctl(g->second.group, VFIO_GROUP_SET_CONTAINER, &g->vfio.container) < 0 ? errno : 0;
}

static void leave(struct groups* g) {
  if (ioctl(g->second.group, VFIO_GROUP_UNSET_CONTAINER) < 0)
    ktap_fail("VFIO_GROUP_UNSET_CONTAINER: %s", strerror(errno));
}

static void first_leaves(struct groups* g) {
  close(g->vfio.device);
  g->vfio.device = -1;
  if (ioctl(g->vfio.group, VFIO_GROUP_UNSET_CONTAINER) < 0)
    ktap_fail("VFIO_GROUP_UNSET_CONTAINER: %s", strerror(errno));
}

static void joins_and_leaves(const void* arg) {
  (void)arg;
  struct groups g;
  if (groups_open(&g) && map_both(&g)) {
    const int error = join(&g);
    if (error) {
      ktap_fail("VFIO_GROUP_SET_CONTAINER: %s", strerror(error));
    } else {
      pins_expect(&g.before, 0, 0);
      unmap_both(&g);
      map_both(&g);
      leave(&g);
      pins_expect(&g.before, 0, 0);
    }
    unmap_both(&g);
  }
  groups_close(&g);
}

// The mappings of the group that was first are those of the second one then.
static void the_first_leaves(const void* arg) {
  (void)arg;
  struct groups g;
  if (groups_open(&g) && map_both(&g)) {
    const int error = join(&g);
    if (error) {
      ktap_fail("VFIO_GROUP_SET_CONTAINER: %s", strerror(error));
    } else {
      first_leaves(&g);
      pins_expect(&g.before, 0, 0);
      unmap_both(&g);
      map_both(&g);
      leave(&g);
      pins_expect(&g.before, 0, 2 * pages);
    }
  }
  groups_close(&g);
}

static bool refused(int error) {
  return error == ENOMEM || error == EINVAL || error == EFAULT || error == EIO;
}

// With its mappings in a domain of its own or in that of the first group, which may have left.
static bool join_with_fault(struct groups* g, int nth, bool first) {
  if (!fault_nth_arm(nth)) return false;
  const int error = join(g);
  const bool injected = fault_nth_disarm();
  if (error && !refused(error)) ktap_fail("with allocation %d failing: %s", nth, strerror(error));
  pins_expect(&g->before, 0, 0);
  if (error) return injected;
  if (first) first_leaves(g);
  unmap_both(g);
  map_both(g);
  leave(g);
  pins_expect(&g->before, 0, first ? 2 * pages : 0);
  return injected;
}

// The first group, and what is mapped for it, once more.
static bool again(struct groups* g) {
  vfio_close(&g->vfio);
  return vfio_open(&g->vfio) && pins_begin(&g->before) && map_both(g);
}

// `arg`: not NULL where the first group leaves, so that everything depends on what the second one has.
static void each_allocation_fails(const void* arg) {
  struct groups g;
  int nth = 0;
  bool injected = true;
  if (!fault_nth_ready()) return;
  if (groups_open(&g) && map_both(&g)) {
    while (injected && ++nth < most_faults && !ktap_failed())
      injected = (nth == 1 || again(&g)) && join_with_fault(&g, nth, arg != NULL);
  }
  groups_close(&g);
  ktap_note("%d allocations were made to fail", nth ? nth - 1 : 0);
  if (nth == most_faults) ktap_fail("it still met its %d-th fault: is it endless?", nth);
}

int main(int argc, char** argv) {
  static const struct ktap_case plain[] = {
      {"second_joins_and_leaves", joins_and_leaves, NULL},
      {"first_leaves", the_first_leaves, NULL},
  };
  static const struct ktap_case faults[] = {
      {"second_joins_and_leaves", each_allocation_fails, NULL},
      {"first_leaves", each_allocation_fails, "first"},
  };
  return ktap_run(argc > 1 && strcmp(argv[1], "fault") == 0 ? faults : plain, 2);
}
