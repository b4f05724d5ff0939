// SPDX-License-Identifier: GPL-2.0
// A mapping that changes hands (VFIO_UPDATE_VADDR): a child of fork() says where the memory is in its address
// space. The pages stay pinned, and are charged to the child from then on. And the bitmaps of pages that were
// written, of which a wrong address is refused before anything is unmapped.
#include <errno.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { pages = 16, strangers = 8, limit_ms = 20000, both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

// The memory has no address any more, or gets another one. 0, or the errno value.
static int forget_address(const struct vfio* vfio, size_t length) {
  struct vfio_iommu_type1_dma_unmap request = {
      .argsz = sizeof(request), .flags = VFIO_DMA_UNMAP_FLAG_VADDR, .iova = VFIO_IOVA, .size = length};
  return ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &request) < 0 ? errno : 0;
}

static int new_address(const struct vfio* vfio, const void* addr, size_t length) {
  return vfio_map(vfio, addr, length, VFIO_IOVA, VFIO_DMA_MAP_FLAG_VADDR);
}

static bool mapped(struct vfio* vfio, struct buffer* buffer, enum buffer_kind kind, struct pins* before) {
  if (!vfio_open(vfio) || !buffer_get(buffer, kind, pages * page_bytes()) || !pins_begin(before))
    return false;
  const int error = vfio_map(vfio, buffer->addr, buffer->size, VFIO_IOVA, both);
  if (error) return ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
  return vfio_expect_held(vfio, before, pages);
}

// The child's part: what went wrong.
static int take_over(const struct vfio* vfio, const struct buffer* buffer) {
  const long all = (long)(buffer->size / 1024);
  if (proc_status_kib("VmLck") != 0) return 1;
  if (new_address(vfio, buffer->addr, buffer->size)) return 2;
  return proc_status_kib("VmLck") != all ? 3 : 0;
}

// New processes are given what memory the one that ended has left behind: on one CPU the first of them.
static bool on_one_cpu(cpu_set_t* before) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  return (sched_getaffinity(0, sizeof(*before), before) == 0 &&
          sched_setaffinity(0, sizeof(one), &one) == 0) ||
         ktap_fail("sched_setaffinity: %s", strerror(errno));
}

static void others_are_not_charged(const struct rendezvous* go, pid_t* children) {
  for (int i = 0; i < strangers; ++i) {
    children[i] = proc_fork();
    if (children[i] == 0) {
      rendezvous_linger(go, limit_ms);
      _exit(proc_status_kib("VmLck") != 0);
    }
  }
}

static void child_takes_over(const void* arg) {
  static const char* const steps[] = {"", "the child begins with a charge",
                                      "VFIO_DMA_MAP_FLAG_VADDR is refused", "the child is not charged"};
  struct vfio vfio;
  struct buffer buffer = {.fd = -1};
  struct pins before;
  struct rendezvous go;
  pid_t children[strangers];
  cpu_set_t cpus;
  size_t undone;
  (void)arg;
  if (!on_one_cpu(&cpus)) return;
  if (mapped(&vfio, &buffer, BUFFER_MEMFD, &before) && rendezvous_open(&go)) {
    if (ioctl(vfio.container, VFIO_CHECK_EXTENSION, VFIO_UPDATE_VADDR) <= 0) {
      ktap_skip("no VFIO_UPDATE_VADDR");
    } else {
      const int error = forget_address(&vfio, buffer.size);
      if (error) ktap_fail("VFIO_DMA_UNMAP_FLAG_VADDR: %s", strerror(error));
      const pid_t child = proc_fork();
      if (child == 0) _exit(take_over(&vfio, &buffer));
      const int code = child > 0 ? proc_reap(child, limit_ms) : -1;
      if (code > 0) ktap_fail("%s", code < 4 ? steps[code] : "the child failed");
      if (proc_status_kib("VmLck") != 0)
        ktap_fail("the parent is still charged %ld kB", proc_status_kib("VmLck"));
      pins_expect(&before, 0, 0);
      others_are_not_charged(&go, children);
      if (vfio_unmap(&vfio, VFIO_IOVA, buffer.size, &undone)) ktap_fail("it is not unmapped");
      pins_expect(&before, 0, pages);
      for (int i = 0; i < strangers; ++i) rendezvous_send(&go, 1);
      for (int i = 0; i < strangers; ++i) {
        if (children[i] > 0 && proc_reap(children[i], limit_ms) > 0)
          ktap_fail("a process that has nothing to do with it is charged");
      }
    }
    rendezvous_close(&go);
  }
  vfio_close(&vfio);
  buffer_put(&buffer);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

struct get_bitmap {
  struct vfio_iommu_type1_dirty_bitmap request;
  struct vfio_iommu_type1_dirty_bitmap_get range;
};

static int track(const struct vfio* vfio, unsigned flag) {
  struct vfio_iommu_type1_dirty_bitmap request = {.argsz = sizeof(request), .flags = flag};
  return ioctl(vfio->container, VFIO_IOMMU_DIRTY_PAGES, &request) < 0 ? errno : 0;
}

static int get_bitmap(const struct vfio* vfio, size_t length, uint64_t* bits) {
  struct get_bitmap get = {
      .request = {.argsz = sizeof(get), .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP},
      .range = {VFIO_IOVA, length, {.pgsize = page_bytes(), .size = sizeof(*bits), .data = (void*)bits}}};
  return ioctl(vfio->container, VFIO_IOMMU_DIRTY_PAGES, &get) < 0 ? errno : 0;
}

struct unmap_bitmap {
  struct vfio_iommu_type1_dma_unmap request;
  struct vfio_bitmap bitmap;
};

static int unmap_bitmap(const struct vfio* vfio, size_t length, uint64_t* bits) {
  struct unmap_bitmap unmap = {
      .request = {sizeof(unmap), VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, VFIO_IOVA, length},
      .bitmap = {.pgsize = page_bytes(), .size = sizeof(*bits), .data = (void*)bits}};
  return ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &unmap) < 0 ? errno : 0;
}

static void bitmaps(const void* arg) {
  struct vfio vfio;
  struct buffer buffer = {.fd = -1};
  struct pins before;
  uint64_t bits = 0;
  uint64_t* const nowhere = (uint64_t*)(UINTPTR_MAX - page_bytes() + 1);
  (void)arg;
  if (mapped(&vfio, &buffer, BUFFER_PAGES, &before)) {
    int error = track(&vfio, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
    if (error) ktap_fail("VFIO_IOMMU_DIRTY_PAGES_FLAG_START: %s", strerror(error));
    error = get_bitmap(&vfio, buffer.size, nowhere);
    if (error != EINVAL) ktap_fail("a bitmap outside of user memory: %s, want EINVAL", strerror(error));
    error = get_bitmap(&vfio, buffer.size, &bits);
    if (error || bits != (1u << pages) - 1) ktap_fail("bits %#jx, %s", (uintmax_t)bits, strerror(error));
    error = unmap_bitmap(&vfio, buffer.size, nowhere);
    if (error != EINVAL) ktap_fail("unmapping with such a bitmap: %s, want EINVAL", strerror(error));
    pins_expect(&before, 0, 0);
    bits = 0;
    error = unmap_bitmap(&vfio, buffer.size, &bits);
    if (error || bits != (1u << pages) - 1)
      ktap_fail("unmapped with bits %#jx, %s", (uintmax_t)bits, strerror(error));
    pins_expect(&before, 0, pages);
    track(&vfio, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
  }
  vfio_close(&vfio);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {{"child_takes_over", child_takes_over, NULL},
                                           {"bitmaps", bitmaps, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
