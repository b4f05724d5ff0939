// SPDX-License-Identifier: GPL-2.0
// Drivers that reach memory through iommufd without an IOMMU (struct iommufd_access): what they pin is pinned
// once, independent of how often and of attached domains; what they only read or write through pinned pages
// is released at once.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "iommufd.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { pages = 16, seed = 91, new_seed = 92, child_ms = 20000 };

struct scene {
  int fd, access;
  uint32_t space;
  struct buffer buffer;
  struct pins before;
};

static bool scene_open(struct scene* scene) {
  *scene = (struct scene){.access = -1, .buffer = {.map = (void*)-1, .fd = -1}};
  scene->fd = iommufd_open();
  if (scene->fd < 0 || !(scene->space = iommufd_space(scene->fd))) return false;
  if (!buffer_get(&scene->buffer, BUFFER_PAGES, pages * page_bytes())) return false;
  pattern_fill(scene->buffer.addr, scene->buffer.size, seed, 0);
  int error =
      iommufd_map(scene->fd, scene->space, scene->buffer.addr, scene->buffer.size, VFIO_IOVA, IOMMUFD_RW);
  if (error) return ktap_fail("IOMMU_IOAS_MAP: %s", strerror(error));
  if (!pins_begin(&scene->before)) return false;
  scene->access = iommufd_access(scene->fd, scene->space);
  return scene->access >= 0 && pins_expect(&scene->before, 0, 0);
}

static void scene_close(struct scene* scene) {
  if (scene->access >= 0) close(scene->access);
  if (scene->fd >= 0) close(scene->fd);
  buffer_put(&scene->buffer);
}

// Pins [from, from + count) pages, of which `fresh` were not pinned before.
static uint32_t pin(struct scene* scene, size_t from, size_t count, long long fresh) {
  uint32_t id = 0;
  const size_t offset = from * page_bytes();
  int error = iommufd_access_pin(scene->fd, scene->access, VFIO_IOVA + offset, scene->buffer.addr + offset,
                                 count * page_bytes(), true, &id);
  if (error) ktap_fail("pinning pages %zu+%zu: %s", from, count, strerror(error));
  pins_expect_longterm(&scene->before, fresh);
  return id;
}

static void unpin(struct scene* scene, uint32_t id, long long released) {
  int error = iommufd_access_unpin(scene->fd, scene->access, id);
  if (error) ktap_fail("unpinning: %s", strerror(error));
  pins_expect(&scene->before, 0, released);
}

// Ranges that overlap: a page stays as long as one of them has it.
static void pin_overlapping(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene)) {
    uint32_t middle = pin(&scene, 4, 8, 8), first = pin(&scene, 0, 8, 4), all = pin(&scene, 0, pages, 4);
    unpin(&scene, middle, 0);
    unpin(&scene, all, 8);
    unpin(&scene, first, 8);
  }
  scene_close(&scene);
}

// A domain shares the pages that the driver has pinned, and the driver keeps its part when the domain
// releases them.
static void pin_beside_domain(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene)) {
    uint32_t domain, id = pin(&scene, 4, 8, 8), device = iommufd_mock_device(scene.fd, scene.space, &domain);
    if (device) {
      pins_expect_longterm(&scene.before, pages - 8);
      uint32_t all = pin(&scene, 0, pages, 0);
      int error = iommufd_destroy(scene.fd, device);
      if (error) ktap_fail("IOMMU_DESTROY: %s", strerror(error));
      pins_expect(&scene.before, 0, 0);
      unpin(&scene, all, pages - 8);
    }
    unpin(&scene, id, 8);
  }
  scene_close(&scene);
}

// Unmapping asks the driver to release its pages, and unpins them.
static void unmap_under_driver(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene)) {
    uint64_t done;
    pin(&scene, 0, pages, pages);
    int error = iommufd_unmap(scene.fd, scene.space, VFIO_IOVA, scene.buffer.size, &done);
    if (error) ktap_fail("IOMMU_IOAS_UNMAP: %s", strerror(error));
    pins_expect(&scene.before, 0, pages);
  }
  scene_close(&scene);
}

static void close_driver(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene)) {
    pin(&scene, 0, pages, pages);
    close(scene.access);
    scene.access = -1;
    pins_expect(&scene.before, 0, pages);
  }
  scene_close(&scene);
}

struct transfer {
  size_t from, bytes;  // from: offset
  unsigned flags;
  long long pinned;
};

static void transfer(const void* arg) {
  const struct transfer* row = arg;
  struct scene scene;
  static unsigned char data[3 * 65536];
  const size_t from = row->from == 1 ? page_bytes() - 100 : 0,
               bytes = row->bytes ? row->bytes : 3 * page_bytes();
  if (scene_open(&scene)) {
    int error = iommufd_access_rw(scene.fd, scene.access, VFIO_IOVA + from, data, bytes, row->flags);
    if (error) ktap_fail("reading: %s", strerror(error));
    if (pattern_check(data, bytes, seed, from) >= 0) ktap_fail("other data were read");
    pins_expect(&scene.before, row->pinned, row->pinned);
    pattern_fill(data, bytes, new_seed, from);
    error = iommufd_access_rw(scene.fd, scene.access, VFIO_IOVA + from, data, bytes,
                              row->flags | IOMMUFD_RW_WRITE);
    if (error) ktap_fail("writing: %s", strerror(error));
    pins_expect(&scene.before, row->pinned, row->pinned);
    const unsigned char* addr = scene.buffer.addr;
    if (pattern_check(addr + from, bytes, new_seed, from) >= 0) ktap_fail("other data were written");
    const size_t end = from + bytes;
    if (pattern_check(addr, from, seed, 0) >= 0 ||
        pattern_check(addr + end, scene.buffer.size - end, seed, end) >= 0)
      ktap_fail("data around it changed");
  }
  scene_close(&scene);
}

// What is written comes to the process that mapped the page, not to the child that shared it.
static void transfer_after_fork(const void* arg) {
  (void)arg;
  struct scene scene;
  struct rendezvous go;
  unsigned char data[100], byte;
  if (scene_open(&scene) && rendezvous_open(&go)) {
    const pid_t child = proc_fork();
    if (child == 0) {
      if (!rendezvous_wait(&go, &byte, child_ms)) _exit(2);
      _exit(pattern_check(scene.buffer.addr, scene.buffer.size, seed, 0) >= 0);
    }
    pattern_fill(data, sizeof(data), new_seed, 0);
    const int error = iommufd_access_rw(scene.fd, scene.access, VFIO_IOVA, data, sizeof(data),
                                        IOMMUFD_RW_SLOW | IOMMUFD_RW_WRITE);
    if (error) ktap_fail("writing: %s", strerror(error));
    if (pattern_check(scene.buffer.addr, sizeof(data), new_seed, 0) >= 0) ktap_fail("it was not written");
    rendezvous_send(&go, 1);
    const int code = child > 0 ? proc_reap(child, child_ms) : 0;
    if (code == 1) ktap_fail("the child sees what was written after fork()");
    if (code == 2) ktap_fail("the child was not told to look");
    pins_expect_at_least(&scene.before, 1, 0);
    rendezvous_close(&go);
  }
  scene_close(&scene);
}

// Memory that cannot be reached: one page, and the second of two.
static void transfer_missing(const void* arg) {
  (void)arg;
  struct scene scene;
  unsigned char data[200] = {0};
  const size_t page = page_bytes();
  if (scene_open(&scene)) {
    mprotect(scene.buffer.addr + page, page, PROT_NONE);
    int error = iommufd_access_rw(scene.fd, scene.access, VFIO_IOVA + page, data, 100, IOMMUFD_RW_SLOW);
    if (error != EFAULT) ktap_fail("reading a missing page: %s, want EFAULT", strerror(error));
    error = iommufd_access_rw(scene.fd, scene.access, VFIO_IOVA + page - 100, data, 200, IOMMUFD_RW_SLOW);
    if (error != EFAULT) ktap_fail("reading into a missing page: %s, want EFAULT", strerror(error));
    // It was mapped for writing, and may only be read now.
    mprotect(scene.buffer.addr, page, PROT_READ);
    error =
        iommufd_access_rw(scene.fd, scene.access, VFIO_IOVA, data, 100, IOMMUFD_RW_SLOW | IOMMUFD_RW_WRITE);
    if (error != EFAULT) ktap_fail("writing a read-only page: %s, want EFAULT", strerror(error));
    if (pattern_check(scene.buffer.addr, page, seed, 0) >= 0) ktap_fail("a read-only page was written");
    pins_expect_at_least(&scene.before, 0, 0);
  }
  scene_close(&scene);
}

int main(void) {
  static const struct transfer page = {0, 100, IOMMUFD_RW_SLOW, 1}, odd = {1, 200, IOMMUFD_RW_SLOW, 2};
  static const struct transfer many = {0, 0, IOMMUFD_RW_SLOW, 3}, copy = {1, 200, 0, 0};
  static const struct ktap_case cases[] = {
      {"pin_overlapping", pin_overlapping, NULL},
      {"pin_beside_domain", pin_beside_domain, NULL},
      {"unmap_under_driver", unmap_under_driver, NULL},
      {"close_driver", close_driver, NULL},
      {"transfer_in_page", transfer, &page},
      {"transfer_over_boundary", transfer, &odd},
      {"transfer_pages", transfer, &many},
      {"transfer_by_copy", transfer, &copy},
      {"transfer_after_fork", transfer_after_fork, NULL},
      {"transfer_missing", transfer_missing, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
