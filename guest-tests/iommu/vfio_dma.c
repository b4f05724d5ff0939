// SPDX-License-Identifier: GPL-2.0
// A device reads and writes the process's own memory, also after fork(), where unpinned pages are copied for
// the first writer.
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "e1000e.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum {
  frame = 1400,
  seed = 95,
  stale = 96,
  limit_ms = 20000,
  both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE
};
#define RINGS VFIO_IOVA
#define SOURCE (VFIO_IOVA + 0x100000)
#define TARGET (VFIO_IOVA + 0x200000)

struct scene {
  struct vfio vfio;
  struct e1000e nic;
  struct buffer source, target;
};

static bool map(struct scene* scene, const struct buffer* buffer, uint64_t iova) {
  int error = vfio_map(&scene->vfio, buffer->addr, buffer->size, iova, both);
  return !error || ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
}

static bool scene_open(struct scene* scene) {
  const struct buffer none = {.map = MAP_FAILED, .fd = -1};
  *scene = (struct scene){.nic = {.registers = MAP_FAILED, .rings = none}, .source = none, .target = none};
  if (!vfio_open(&scene->vfio) || !e1000e_start(&scene->nic, &scene->vfio, RINGS)) return false;
  if (!buffer_get(&scene->source, BUFFER_PAGES, page_bytes()) ||
      !buffer_get(&scene->target, BUFFER_PAGES, page_bytes()))
    return false;
  pattern_fill(scene->source.addr, frame, stale, 0);
  pattern_fill(scene->target.addr, frame, stale, 0);
  pins_claim_exact(3);
  return map(scene, &scene->source, SOURCE) && map(scene, &scene->target, TARGET);
}

static void scene_close(struct scene* scene) {
  e1000e_stop(&scene->nic);
  vfio_close(&scene->vfio);
  buffer_put(&scene->source);
  buffer_put(&scene->target);
}

// The process writes the source, the device copies it, and the process looks at the target.
static void copy_and_compare(struct scene* scene) {
  pattern_fill(scene->source.addr, frame, seed, 0);
  if (!e1000e_copy(&scene->nic, RINGS, SOURCE, TARGET, frame))
    ktap_fail("the device copies nothing");
  else if (pattern_check(scene->target.addr, frame, stale, 0) < 0)
    ktap_fail("the process still sees the old data");
  else if (pattern_check(scene->target.addr, frame, seed, 0) >= 0)
    ktap_fail("the process sees other data than it wrote");
}

static void copy(const void* arg) {
  (void)arg;
  struct scene scene;
  if (scene_open(&scene)) copy_and_compare(&scene);
  scene_close(&scene);
}

// The child lives while the parent writes and the device copies: it keeps the old bytes, and the parent has
// the device's page.
static void across_fork(const void* arg) {
  (void)arg;
  struct scene scene;
  struct rendezvous go;
  unsigned char byte;
  if (scene_open(&scene) && rendezvous_open(&go)) {
    pid_t child = proc_fork();
    if (child == 0) {
      if (!rendezvous_wait(&go, &byte, limit_ms)) _exit(2);
      _exit(pattern_check(scene.target.addr, frame, stale, 0) >= 0 ||
            pattern_check(scene.source.addr, frame, stale, 0) >= 0);
    }
    copy_and_compare(&scene);
    rendezvous_send(&go, 1);
    const int code = child > 0 ? proc_reap(child, limit_ms) : 0;
    if (code == 1) ktap_fail("the child sees data written after fork()");
    if (code == 2) ktap_fail("the child was not told to look");
    rendezvous_close(&go);
  }
  scene_close(&scene);
}

// What was unmapped, and is unpinned, the device does not reach any more, whatever its descriptor says.
static void unmapped(const void* arg) {
  (void)arg;
  struct scene scene;
  size_t undone;
  if (scene_open(&scene)) {
    copy_and_compare(&scene);
    if (vfio_unmap(&scene.vfio, TARGET, scene.target.size, &undone)) ktap_fail("the target is not unmapped");
    pattern_fill(scene.target.addr, frame, stale, 0);
    e1000e_copy(&scene.nic, RINGS, SOURCE, TARGET, frame);
    if (pattern_check(scene.target.addr, frame, stale, 0) >= 0)
      ktap_fail("the device writes to memory that is unmapped");
  }
  scene_close(&scene);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"copy", copy, NULL}, {"across_fork", across_fork, NULL}, {"unmapped", unmapped, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
