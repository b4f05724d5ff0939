// SPDX-License-Identifier: GPL-2.0
// Video capture into user memory (V4L2_MEMORY_USERPTR of the vivid driver): the frame vector pins it for as
// long as the buffer exists (drivers/media/common/videobuf2/frame_vector.c).
#include "vivid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

static int open_camera(void) {
  int fd = vivid_open();
  if (fd < 0) ktap_skip("no vivid capture device (VIDEO_VIVID)");
  return fd;
}

// Of the pages of a frame; 0 with the running case failed when one is not mapped.
static size_t in_movable(const unsigned char* addr, size_t length) {
  enum { most_pages = 1024 };
  uint64_t frames[most_pages];
  const size_t count = (length + page_bytes() - 1) / page_bytes();
  if (count > most_pages || !pagemap_pfns(addr, count * page_bytes(), frames)) return 0;
  return pagemap_in_movable(frames, count);
}

// Queued: held, outside of ZONE_MOVABLE, where all the memory comes from if there is room. Buffers freed:
// released.
static void queue_and_free(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  struct pins before;
  int fd = open_camera();
  if (fd < 0) return;
  size_t length = vivid_frame_bytes(fd);
  if (length && buffer_get(&buffer, *kind, length)) {
    long long pages = (long long)pages_spanned(buffer.addr, length);
    size_t were_movable = in_movable(buffer.addr, length);
    if (vivid_request(fd, 1) && pins_begin(&before)) {
      int error = vivid_queue(fd, buffer.addr, length);
      if (error) ktap_fail("VIDIOC_QBUF: %s", strerror(error));
      pins_expect_longterm(&before, pages);
      size_t still = in_movable(buffer.addr, length);
      ktap_note("%zu of %lld pages came from ZONE_MOVABLE, %zu are still in it", were_movable, pages, still);
      if (still) ktap_fail("%zu pages are pinned long-term in ZONE_MOVABLE", still);
      vivid_request(fd, 0);
      pins_expect(&before, 0, pages);
    }
    if (were_movable == 0 && !ktap_failed())
      ktap_skip("none of the pages came from ZONE_MOVABLE (movablecore=): nothing to migrate");
    buffer_put(&buffer);
  }
  close(fd);
}

// Memory that may not be written: older kernels force their way (FOLL_FORCE), newer ones refuse.
static void read_only_memory(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int fd = open_camera();
  if (fd < 0) return;
  size_t length = vivid_frame_bytes(fd);
  if (length && buffer_get(&buffer, BUFFER_PAGES, length)) {
    mprotect(buffer.addr, buffer.size, PROT_READ);
    if (vivid_request(fd, 1) && pins_begin(&before)) {
      int error = vivid_queue(fd, buffer.addr, length);
      if (error && error != EFAULT) ktap_fail("VIDIOC_QBUF: %s", strerror(error));
      caps_found("framevec.force", error == 0 ? "yes" : "no");
      vivid_request(fd, 0);
      pins_expect_at_least(&before, 0, 0);
    }
    buffer_put(&buffer);
  }
  close(fd);
}

// The first page of the memory of a PCI device, side by side as often as a frame needs: only what it is can
// be a reason to refuse it. NULL: the running case has been skipped or failed.
static unsigned char* map_device(size_t length) {
  const int prot = PROT_READ | PROT_WRITE;
  unsigned char* area = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  size_t done = 0;
  for (int slot = 1; slot < 32 && area != MAP_FAILED && done == 0; ++slot) {
    char path[80];
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/0000:00:%02x.0/resource0", slot);
    int mem = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
    if (mem < 0) continue;
    while (done < length &&
           mmap(area + done, page_bytes(), prot, MAP_SHARED | MAP_FIXED, mem, 0) != MAP_FAILED)
      done += page_bytes();
    close(mem);
  }
  if (area != MAP_FAILED && done >= length) return area;
  if (area != MAP_FAILED) munmap(area, length);
  if (done == 0) ktap_skip("no PCI device whose memory can be mapped");
  if (done != 0) ktap_fail("mapping a device's memory: %s", strerror(errno));
  return NULL;
}

// Pages that are mapped by frame number belong to a device: refused since follow_pfn() is gone from there.
static void device_memory_refused(const void* arg) {
  (void)arg;
  struct pins before;
  int fd = open_camera();
  if (fd < 0) return;
  const size_t length = vivid_frame_bytes(fd);
  const size_t whole = (length + page_bytes() - 1) / page_bytes() * page_bytes();
  unsigned char* area = length ? map_device(whole) : NULL;
  if (area && vivid_request(fd, 1) && pins_begin(&before)) {
    int error = vivid_queue(fd, area, length);
    if (error != EFAULT) ktap_fail("VIDIOC_QBUF of a PCI device's memory: %s, want EFAULT", strerror(error));
    vivid_request(fd, 0);
    pins_expect(&before, 0, 0);
  }
  if (area) munmap(area, whole);
  close(fd);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, thp = BUFFER_THP, memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"pages", queue_and_free, &page},
      {"thp", queue_and_free, &thp},
      {"memfd", queue_and_free, &memfd},
      {"read_only_memory", read_only_memory, NULL},
      {"device_memory_refused", device_memory_refused, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
