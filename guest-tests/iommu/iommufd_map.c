// SPDX-License-Identifier: GPL-2.0
// Address spaces of iommufd (drivers/iommu/iommufd): a mapping pins nothing until a device is attached, then
// each page once for all devices and address spaces that share it; the last one unpins the pages.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "iommufd.h"
#include "ktap.h"
#include "pins.h"
#include "vfio.h"

enum { pages = 16 };

// Memory mapped into an address space of an open iommufd, and what the last step left of the counters.
struct scene {
  int fd;
  uint32_t space;
  struct buffer buffer;
  struct pins before;
};

static size_t kind_bytes(enum buffer_kind kind) {
  return kind == BUFFER_THP       ? thp_bytes()
         : kind == BUFFER_HUGETLB ? 2 * hugetlb_bytes()
                                  : pages * page_bytes();
}

static bool scene_open(struct scene* scene, enum buffer_kind kind) {
  *scene = (struct scene){.buffer = {.map = (void*)-1, .fd = -1}};
  scene->fd = iommufd_open();
  if (scene->fd < 0 || !(scene->space = iommufd_space(scene->fd))) return false;
  if (!buffer_get(&scene->buffer, kind, kind_bytes(kind)) || !pins_begin(&scene->before)) return false;
  int error =
      iommufd_map(scene->fd, scene->space, scene->buffer.addr, scene->buffer.size, VFIO_IOVA, IOMMUFD_RW);
  if (error) return ktap_fail("IOMMU_IOAS_MAP: %s", strerror(error));
  return pins_expect(&scene->before, 0, 0);
}

static void scene_close(struct scene* scene) {
  if (scene->fd >= 0) close(scene->fd);
  buffer_put(&scene->buffer);
}

static long long scene_pages(const struct scene* scene) {
  return (long long)(scene->buffer.size / page_bytes());
}

// Attaches a mock device that has to see the right frames. `pinned`: pages that this takes.
static uint32_t attach(struct scene* scene, uint32_t space, long long pinned) {
  uint32_t domain = 0, device = iommufd_mock_device(scene->fd, space, &domain);
  if (!device) return 0;
  pins_expect_longterm(&scene->before, pinned);
  int error = iommufd_mock_check(scene->fd, domain, VFIO_IOVA, scene->buffer.addr, scene->buffer.size);
  if (error) ktap_fail("the domain does not have the frames of the mapping: %s", strerror(error));
  return device;
}

static void detach(struct scene* scene, uint32_t device, long long released) {
  int error = device ? iommufd_destroy(scene->fd, device) : 0;
  if (error) ktap_fail("IOMMU_DESTROY: %s", strerror(error));
  pins_expect(&scene->before, 0, released);
}

static void unmap(struct scene* scene, uint32_t space, uint64_t bytes, int want, long long released) {
  uint64_t done;
  int error = iommufd_unmap(scene->fd, space, VFIO_IOVA, bytes, &done);
  if (error != want) ktap_fail("IOMMU_IOAS_UNMAP: %s, want %s", strerror(error), strerror(want));
  if (!error && done != bytes) ktap_fail("%llu bytes unmapped", (unsigned long long)done);
  pins_expect(&scene->before, 0, released);
}

static void attached(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct scene scene;
  if (scene_open(&scene, *kind)) {
    const long long all = scene_pages(&scene);
    uint32_t device = attach(&scene, scene.space, all);
    if (device) {
      // What is mapped to an attached space is pinned at once; another device of the space adds nothing.
      unmap(&scene, scene.space, scene.buffer.size, 0, all);
      int error =
          iommufd_map(scene.fd, scene.space, scene.buffer.addr, scene.buffer.size, VFIO_IOVA, IOMMUFD_RW);
      if (error) ktap_fail("mapping again: %s", strerror(error));
      pins_expect_longterm(&scene.before, all);
      uint32_t second = attach(&scene, scene.space, 0);
      detach(&scene, device, 0);
      detach(&scene, second, all);
      unmap(&scene, scene.space, scene.buffer.size, 0, 0);
      if (*kind == BUFFER_MEMFD) buffer_seal(&scene.buffer);
    }
  }
  scene_close(&scene);
}

// A copy of a mapping in another space shares its pins.
static void copied(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES)) {
    uint32_t other = iommufd_space(scene.fd);
    int error = iommufd_copy(scene.fd, other, VFIO_IOVA, scene.space, VFIO_IOVA, scene.buffer.size);
    if (error) ktap_fail("IOMMU_IOAS_COPY: %s", strerror(error));
    uint32_t device = attach(&scene, scene.space, pages);
    uint32_t second = device ? attach(&scene, other, 0) : 0;
    if (second) {
      unmap(&scene, scene.space, scene.buffer.size, 0, 0);
      detach(&scene, device, 0);
      unmap(&scene, other, scene.buffer.size, 0, pages);
      detach(&scene, second, 0);
    }
  }
  scene_close(&scene);
}

static void part_refused(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES)) {
    uint32_t device = attach(&scene, scene.space, pages);
    if (device) {
      unmap(&scene, scene.space, scene.buffer.size / 2, ENOENT, 0);
      unmap(&scene, scene.space, scene.buffer.size, 0, pages);
      detach(&scene, device, 0);
    }
  }
  scene_close(&scene);
}

// Closing the file takes devices, spaces and pins along.
static void closed(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES) && attach(&scene, scene.space, pages)) {
    close(scene.fd);
    scene.fd = -1;
    pins_expect(&scene.before, 0, pages);
  }
  scene_close(&scene);
}

// No length, and lengths whose end cannot be (EOVERFLOW on 7.3): refused before anything is looked at.
static void lengths_refused(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES)) {
    const size_t page = page_bytes();
    const size_t lengths[] = {0, SIZE_MAX - page / 2, SIZE_MAX - 1};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); ++i) {
      const int error = iommufd_map(scene.fd, scene.space, scene.buffer.addr, lengths[i],
                                    VFIO_IOVA + scene.buffer.size, IOMMUFD_RW);
      if (error != EINVAL && (lengths[i] == 0 || error != EOVERFLOW))
        ktap_fail("a length of %#zx: %s, want EINVAL", lengths[i], strerror(error));
    }
    pins_expect(&scene.before, 0, 0);
  }
  scene_close(&scene);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, memfd = BUFFER_MEMFD, thp = BUFFER_THP,
                                hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"pages", attached, &page}, {"memfd", attached, &memfd},
      {"thp", attached, &thp},    {"hugetlb", attached, &hugetlb},
      {"copied", copied, NULL},   {"part_refused", part_refused, NULL},
      {"closed", closed, NULL},   {"lengths_refused", lengths_refused, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
