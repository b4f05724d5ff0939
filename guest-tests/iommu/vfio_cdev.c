// SPDX-License-Identifier: GPL-2.0
// A device attached to an iommufd address space through its own file (drivers/vfio/device_cdev.c):
// what is mapped is pinned with the device, and released with it or by unmapping.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "iommufd.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { pages = 16 };

struct scene {
  int fd, device;
  uint32_t space;
  struct buffer buffer;
  struct pins before;
};

static size_t kind_bytes(enum buffer_kind kind) {
  return kind == BUFFER_THP ? thp_bytes() : kind == BUFFER_HUGETLB ? hugetlb_bytes() : pages * page_bytes();
}

static bool scene_open(struct scene* scene, enum buffer_kind kind) {
  *scene = (struct scene){.device = -1, .buffer = {.map = (void*)-1, .fd = -1}};
  scene->fd = iommufd_open();
  if (scene->fd < 0 || !(scene->space = iommufd_space(scene->fd))) return false;
  scene->device = vfio_open_cdev();
  if (scene->device < 0) return false;
  int error = iommufd_vfio_bind(scene->fd, scene->device);
  if (error) return ktap_fail("VFIO_DEVICE_BIND_IOMMUFD: %s", strerror(error));
  return buffer_get(&scene->buffer, kind, kind_bytes(kind)) && pins_begin(&scene->before);
}

static void scene_close(struct scene* scene) {
  if (scene->device >= 0) close(scene->device);
  if (scene->fd >= 0) close(scene->fd);
  buffer_put(&scene->buffer);
}

static void map(struct scene* scene, long long pinned) {
  int error =
      iommufd_map(scene->fd, scene->space, scene->buffer.addr, scene->buffer.size, VFIO_IOVA, IOMMUFD_RW);
  if (error) ktap_fail("IOMMU_IOAS_MAP: %s", strerror(error));
  pins_expect_longterm(&scene->before, pinned);
}

static void attach(struct scene* scene, long long pinned) {
  int error = iommufd_vfio_attach(scene->device, scene->space);
  if (error) ktap_fail("VFIO_DEVICE_ATTACH_IOMMUFD_PT: %s", strerror(error));
  pins_expect_longterm(&scene->before, pinned);
}

static void attach_first(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct scene scene;
  if (scene_open(&scene, *kind)) {
    const long long all = (long long)(scene.buffer.size / page_bytes());
    uint64_t undone;
    attach(&scene, 0);
    map(&scene, all);
    if (iommufd_unmap(scene.fd, scene.space, VFIO_IOVA, scene.buffer.size, &undone))
      ktap_fail("it is not unmapped");
    pins_expect(&scene.before, 0, all);
  }
  scene_close(&scene);
}

static void map_first(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES)) {
    map(&scene, 0);
    attach(&scene, pages);
    close(scene.device);
    scene.device = -1;
    pins_expect(&scene.before, 0, pages);
  }
  scene_close(&scene);
}

// VmPin is what these pins are counted in.
static void charged(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES)) {
    long start = proc_status_kib("VmPin"), all = (long)(scene.buffer.size / 1024);
    uint64_t undone;
    attach(&scene, 0);
    map(&scene, pages);
    long now = proc_status_kib("VmPin");
    if (now != start + all) ktap_fail("VmPin went from %ld to %ld kB, want %ld more", start, now, all);
    if (iommufd_unmap(scene.fd, scene.space, 0, UINT64_MAX, &undone)) ktap_fail("everything is not unmapped");
    if (undone != scene.buffer.size) ktap_fail("%llu bytes unmapped", (unsigned long long)undone);
    pins_expect(&scene.before, 0, pages);
    if (proc_status_kib("VmPin") != start) ktap_fail("VmPin does not return to %ld kB", start);
  }
  scene_close(&scene);
}

// The device's file is not inherited; the iommufd is closed first, and the device keeps it until it is closed
// itself.
static void iommufd_closed_first(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene, BUFFER_PAGES)) {
    attach(&scene, 0);
    map(&scene, pages);
    close(scene.fd);
    scene.fd = -1;
    pins_expect(&scene.before, 0, 0);
    close(scene.device);
    scene.device = -1;
    pins_expect(&scene.before, 0, pages);
  }
  scene_close(&scene);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"pages", attach_first, &page},      {"thp", attach_first, &thp},
      {"hugetlb", attach_first, &hugetlb}, {"map_first", map_first, NULL},
      {"charged", charged, NULL},          {"iommufd_closed_first", iommufd_closed_first, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
