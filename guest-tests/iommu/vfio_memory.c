// SPDX-License-Identifier: GPL-2.0
// Which memory VFIO accepts: long-term pins (FOLL_LONGTERM) replace the zero page, do not write
// where the process may not, and refuse shared file mappings on newer kernels.
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "vfio.h"

enum { pages = 16, to_device = VFIO_DMA_MAP_FLAG_READ, from_device = VFIO_DMA_MAP_FLAG_WRITE };

// Maps, and says by the counters that `want` (0 or an errno value) came out of it; takes what was mapped away
// again.
static void try_map(const struct vfio* vfio, const void* addr, size_t length, unsigned flags, int want) {
  struct pins before;
  size_t undone;
  if (!pins_begin(&before)) return;
  int error = vfio_map(vfio, addr, length, VFIO_IOVA, flags);
  if (error != want) ktap_fail("VFIO_IOMMU_MAP_DMA: %s, want %s", strerror(error), strerror(want));
  long long held = error ? 0 : (long long)(length / page_bytes());
  // A copy-on-write page is taken, found to be shared, and taken again.
  pins_expect_at_least(&before, held, held);
  if (!error && vfio_unmap(vfio, VFIO_IOVA, length, &undone) == 0) pins_expect(&before, 0, held);
}

static void read_only(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    mprotect(buffer.addr, buffer.size, PROT_READ);
    try_map(&vfio, buffer.addr, buffer.size, to_device, 0);
    try_map(&vfio, buffer.addr, buffer.size, to_device | from_device, EFAULT);
    try_map(&vfio, buffer.addr, buffer.size, from_device, EFAULT);
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

// Read before it is written, private memory is the zero page. Where the kernel has the capability lt.unshare
// a long-term pin replaces it, so that what the process writes later is what the device reads; else it stays,
// and counts nowhere.
static void zero_page(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct pins before;
  struct buffer buffer;
  uint64_t frames[pages];
  size_t undone;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    madvise(buffer.addr, buffer.size, MADV_DONTNEED);
    for (size_t i = 0; i < buffer.size; i += page_bytes()) (void)((volatile unsigned char*)buffer.addr)[i];
    uint64_t shared = pagemap_pfn(buffer.addr);
    if (pins_begin(&before)) {
      int error = vfio_map(&vfio, buffer.addr, buffer.size, VFIO_IOVA, to_device);
      if (error) ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
      const bool unshared = pagemap_pfn(buffer.addr) != shared;
      caps_found("lt.unshare", unshared ? "yes" : "no");
      pins_expect_at_least(&before, unshared ? pages : 0, unshared ? pages : 0);
      if (pagemap_pfns(buffer.addr, buffer.size, frames)) {
        memset(buffer.addr, 1, buffer.size);
        if (unshared && pagemap_moved(buffer.addr, buffer.size, frames))
          ktap_fail("a pinned page was replaced by a write");
      }
      vfio_unmap(&vfio, VFIO_IOVA, buffer.size, &undone);
      pins_expect(&before, 0, unshared ? pages : 0);
    }
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

static void half_unmapped(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    munmap(buffer.addr + buffer.size / 2, buffer.size / 2);
    try_map(&vfio, buffer.addr, buffer.size, to_device | from_device, EFAULT);
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

// A shared mapping of a file on the drive, which is the working directory's. What this kernel does with it is
// a capability.
static void file(const void* arg) {
  (void)arg;
  struct vfio vfio;
  const size_t length = pages * page_bytes();
  int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  unsigned char* area = fd >= 0 && ftruncate(fd, (off_t)length) == 0
                            ? mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                            : MAP_FAILED;
  if (area == MAP_FAILED) ktap_fail("mapping a file: %s", strerror(errno));
  if (area != MAP_FAILED && vfio_open(&vfio)) {
    memset(area, 1, length);
    struct pins before;
    size_t undone;
    if (pins_begin(&before)) {
      int error = vfio_map(&vfio, area, length, VFIO_IOVA, to_device | from_device);
      if (error && error != EFAULT) ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
      caps_found("lt.file_rw", error ? "refused" : "allowed");
      pins_expect_at_least(&before, error ? 0 : pages, error ? 0 : pages);
      if (!error && vfio_unmap(&vfio, VFIO_IOVA, length, &undone) == 0) pins_expect(&before, 0, pages);
    }
    vfio_close(&vfio);
  }
  if (area != MAP_FAILED) munmap(area, length);
  if (fd >= 0) close(fd);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"read_only", read_only, NULL},
      {"zero_page", zero_page, NULL},
      {"half_unmapped", half_unmapped, NULL},
      {"file", file, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
